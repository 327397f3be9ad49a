"""Who takes part in running a study, and in which role."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from annotation.errors import InvalidInput, StateConflict
from annotation.models import Membership, Study


def set_member(*, study: Study, user_name: str, role: str) -> Membership:
    """Adds a person by user name, or changes her role. Raises InvalidInput, StateConflict (the last manager)."""
    if role not in dict(Membership.ROLES):
        sentence = f"{role!r} is no role; choose {', '.join(dict(Membership.ROLES))}."
        raise InvalidInput(sentence, {"role": [sentence]})
    user = get_user_model().objects.filter(username=user_name.strip(), is_active=True).first()
    if user is None:
        sentence = f"There is no account {user_name.strip()[:150]!r}. Ask whoever runs this site to make one."
        raise InvalidInput(sentence, {"user_name": [sentence]})
    with transaction.atomic():
        _lock(study)
        if role != Membership.MANAGER:
            _refuse_without_manager(study, user)
        membership, _ = Membership.objects.update_or_create(study=study, user=user, defaults={"role": role})
    return membership


def remove_member(*, study: Study, user_name: str) -> None:
    """Takes a person's role away; what she did stays. Twice is as once. Raises StateConflict (the last manager)."""
    with transaction.atomic():
        _lock(study)
        membership = Membership.objects.filter(study=study, user__username=user_name).first()
        if membership is None:
            return
        _refuse_without_manager(study, membership.user)
        membership.delete()


def _lock(study: Study) -> None:
    """Two managers who remove each other come one after the other."""
    Study.objects.select_for_update().get(pk=study.pk)


def _refuse_without_manager(study: Study, user: Any) -> None:
    others = Membership.objects.filter(study=study, role=Membership.MANAGER).exclude(user=user)
    is_manager = Membership.objects.filter(study=study, role=Membership.MANAGER, user=user).exists()
    if is_manager and not others.exists():
        raise StateConflict(f"{user} is the only manager of this study. Make somebody else a manager first.")
