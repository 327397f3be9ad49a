"""One click removes everything the simulator made in a study; real people's answers stay."""

from django.db import connection, transaction

from annotation.models import Annotator, Participation, Response, Study


def remove_simulated(*, study: Study) -> int:
    """Deletes the simulated responses, participations and annotators of the study. Returns how many responses."""
    removed = 0
    while True:
        with transaction.atomic():
            # locked, also against new assignments and answers: the simulator may be at work
            participations = list(
                Participation.objects.filter(study=study, annotator__is_simulated=True)
                .select_for_update(of=("self",))
                .order_by("pk")
                .values_list("pk", "annotator_id")[:100]
            )
            if not participations:
                return removed
            ids = [pk for pk, _ in participations]
            _, by_table = Response.objects.filter(participation__in=ids).delete()
            removed += by_table.get("annotation.Response", 0)
            with connection.cursor() as cursor:
                # one statement, so that the stimuli are locked in one order (migration 0002)
                cursor.execute("delete from annotation_assignment where participation_id = any(%s)", [ids])
            Participation.objects.filter(pk__in=ids).delete()
            annotators = [annotator for _, annotator in participations]
            Annotator.objects.filter(pk__in=annotators, participations__isnull=True).delete()
