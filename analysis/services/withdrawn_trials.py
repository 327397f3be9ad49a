"""Takes what people took back out of the trials in which others judge it; neither study knows the other."""

from django.db import connection, transaction

from analysis.judged.trials import PREFERENCE
from analysis.models import JudgedStudy
from annotation.models import Participation, Stimulus, Study
from annotation.services.mark_snapshots import hold_snapshots, mark_snapshots

GONE = "–"
# `answers`: {step: [the response whose text it is, or null]}, as services/make_judged_study.py writes it
_FIND = """
    select distinct s.id from annotation_stimulus s
    cross join lateral jsonb_path_query(s.metadata, '$.answers.*[*] ? (@ != null)') answer
    left join annotation_response r on r.id = (answer #>> '{}')::bigint
    where s.study_id = %s and (r.id is null or r.status = 'withdrawn')
"""


def empty_withdrawn_trials() -> int:
    """Empties the trials that show what somebody has taken back, and lends them no more. Returns how many.

    What was judged about them stays, and is left out of what is counted (over_snapshots/judged.py). Snapshots that hold
    the text are marked. Twice is as once.
    """
    n_emptied = 0
    for judged in JudgedStudy.objects.exclude(design=PREFERENCE):
        took_back = Participation.objects.filter(study_id=judged.source_id, n_withdrawn__gt=0)
        if took_back.exists() or not Study.objects.filter(pk=judged.source_id).exists():
            n_emptied += _empty_trials(judged)
    return n_emptied


def _empty_trials(judged: JudgedStudy) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [judged.study_id])
        found = [row[0] for row in cursor.fetchall()]
    if not found:
        return 0
    with transaction.atomic():
        hold_snapshots({judged.study_id})
        trials = list(Stimulus.objects.select_for_update(no_key=True).filter(pk__in=found).order_by("pk"))
        for trial in trials:
            shown = {step: [GONE] * len(texts) for step, texts in trial.metadata["shown"].items()}
            kept = {name: value for name, value in trial.metadata.items() if name != "answers"}
            trial.metadata = {**kept, "shown": shown, "is_taken_back": True}
            trial.wanted, trial.open_slots = trial.wanted - trial.open_slots, 0
            trial.save(update_fields=["metadata", "wanted", "open_slots"])
        mark_snapshots(study_id=judged.study_id, since=judged.created_at)
    return len(trials)
