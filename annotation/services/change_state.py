"""Open, pause and close a study."""

from django.db import connection, transaction
from django.utils import timezone

from annotation.errors import StateConflict
from annotation.models import Stimulus, Study
from annotation.services.shown_texts import refuse_without_texts

ALLOWED = {
    Study.OPEN: (Study.DRAFT, Study.PAUSED, Study.CLOSED),
    Study.PAUSED: (Study.OPEN,),
    Study.CLOSED: (Study.OPEN, Study.PAUSED),
}


def change_state(*, study: Study, state: str) -> Study:
    """Whoever holds an image may still answer it after a pause or a closing; nobody gets a new one.

    Raises StateConflict with what is missing; InvalidInput where a step has no text to show beside an image.
    """
    with transaction.atomic():
        study = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        if study.state == state:
            return study
        if study.state not in ALLOWED.get(state, ()):
            raise StateConflict(f"A study that is {study.state} cannot become {state}.")
        if state == Study.OPEN:
            missing = []
            if not Stimulus.objects.filter(study=study).exists():
                missing.append("at least one image")
            if not study.consent.strip():
                missing.append("a consent text")
            if missing:
                raise StateConflict(f"Before the study can open it needs {' and '.join(missing)}.")
            refuse_without_texts(study)
            study.opened_at = study.opened_at or timezone.now()
        study.state = state
        study.save(update_fields=["state", "opened_at"])
        if state == Study.OPEN:
            transaction.on_commit(_count_images)
    return study


def _count_images() -> None:
    """Tells the planner how many images there are now, not in a minute: until then it would sort all for each lease."""
    with connection.cursor() as cursor:
        cursor.execute("analyze annotation_stimulus")
