"""Who may do what: one table, used by pages, API and commands.

Looking an object up and asking for the right are one call. A stranger gets 404 (the object does not exist for her),
a member without the right gets 403.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404

from annotation.models import Membership, Study

RESEARCHER, MANAGER = Membership.RESEARCHER, Membership.MANAGER

# right -> the roles that have it; admins (superusers) have all of them in every study
RIGHTS: dict[str, tuple[str, ...]] = {
    "see_results": (RESEARCHER, MANAGER),
    "freeze_snapshot": (RESEARCHER, MANAGER),
    "export": (RESEARCHER, MANAGER),
    "ask_network": (RESEARCHER, MANAGER),
    "review_quality": (RESEARCHER, MANAGER),
    "change_study": (MANAGER,),
    "change_members": (MANAGER,),
    "train": (MANAGER,),
    "remove_simulated": (MANAGER,),
    "publish": (MANAGER,),
    "recruit": (MANAGER,),
    "pay": (MANAGER,),
    "see_identities": (MANAGER,),
}
CREATE_STUDIES = "annotation.add_study"  # Django permission, held by the group 'Study creators'


def role_in(user: Any, study: Study) -> str | None:
    """The person's role in the study: 'admin', one of Membership's, or None for a stranger."""
    if not user.is_authenticated:
        return None
    if user.is_superuser:
        return "admin"
    return Membership.objects.filter(study=study, user=user).values_list("role", flat=True).first()


def has_right(user: Any, study: Study, right: str) -> bool:
    role = role_in(user, study)
    return role == "admin" or role in RIGHTS[right]


def rights_of(user: Any, study: Study) -> set[str]:
    """All rights of a person in a study, for pages that show or hide."""
    role = role_in(user, study)
    return {right for right, roles in RIGHTS.items() if role == "admin" or role in roles}


def get_study(user: Any, slug: str, right: str) -> Study:
    """The study, if the person has this right in it. Raises Http404 for strangers, PermissionDenied for members."""
    study = Study.objects.filter(slug=slug).first()
    role = role_in(user, study) if study else None
    if study is None or role is None:
        raise Http404("There is no such study.")
    if role != "admin" and role not in RIGHTS[right]:
        raise PermissionDenied(f"Your role in this study ({role}) does not include this.")
    return study


def studies_of(user: Any) -> QuerySet[Study]:
    """The studies a person may look into."""
    if user.is_superuser:
        return Study.objects.all()
    return Study.objects.filter(memberships__user=user, memberships__role__in=RIGHTS["see_results"])


def may_create_studies(user: Any) -> bool:
    return bool(user.is_authenticated and user.has_perm(CREATE_STUDIES))
