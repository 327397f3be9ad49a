"""The one door to who people are: whoever reads says why, and that is a row before she sees anything."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from annotation.errors import InvalidInput
from annotation.models import Identity, IdentityReading, Study

LEAST_REASON, MOST_REASON = 5, 300


def log_reading(*, study: Study, user: Any, reason: str, what: str, n_people: int) -> IdentityReading:
    """Raises InvalidInput where no reason is given."""
    reason = " ".join(reason.replace("\x00", "").split())
    if not LEAST_REASON <= len(reason) <= MOST_REASON:
        sentence = _("Say in %(least)s to %(most)s characters why you need to know who people are; it is kept.") % {
            "least": LEAST_REASON,
            "most": MOST_REASON,
        }
        raise InvalidInput(sentence, {"reason": [sentence]})
    return IdentityReading.objects.create(
        study=study, user=user, user_name=user.get_username(), reason=reason, what=what, n_people=n_people
    )


def panel_ids(*, study: Study, user: Any, reason: str, what: str) -> dict[int, str]:
    """Annotator id -> 'panel:id' of everybody who came to this study from a panel; never of people who came with a
    snapshot, whose identity is another study's. Right: see_identities, checked by the caller."""
    people: QuerySet[Identity] = Identity.objects.filter(
        annotator__participations__study=study, annotator__participations__is_imported=False
    ).exclude(panel_id="")
    with transaction.atomic():
        found = {
            row["annotator_id"]: f"{row['panel']}:{row['panel_id']}"
            for row in people.exclude(panel="email").values("annotator_id", "panel", "panel_id")
        }
        log_reading(study=study, user=user, reason=reason, what=what, n_people=len(found))
    return found
