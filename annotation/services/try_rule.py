"""Tries a rule on all past responses of its study and keeps what it would have flagged. Nobody is flagged by this."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from django.db import connection

from annotation.models import Participation, Response, ResponseSignals, RuleTrial, SignalQueue, Study
from annotation.quality.grammar import Definition, of_stored
from annotation.quality.of_people import signals_of_people
from annotation.quality.trial import Past, Trial, is_in_minority
from annotation.services.compute_signals import compute_signals

Progress = Callable[[int, int, str], None]
ROWS_AT_ONCE = 2_000


def run_trial(*, trial: RuleTrial, progress: Progress = lambda done, total, message: None) -> RuleTrial:
    """Counts and keeps the result with the trial. Twice is as once."""
    study = trial.rule.study
    _wait_for_signals(study, progress)
    result = try_definition(study=study, definition=of_stored(trial.rule.definition), progress=progress)
    # a version that was changed while the trial ran is not tried by it
    trial.result = result.as_json()
    trial.save(update_fields=["result"])
    return trial


def try_definition(
    *, study: Study, definition: Definition, progress: Progress = lambda done, total, message: None
) -> Trial:
    """What the definition would have flagged among the accepted and surplus responses whose signals are computed.

    Rehearsals ask this as well. Memory follows the study's stimuli (their label counts) and one person's answers.
    """
    labels = _label_counts(study)
    surplus = set(Response.objects.filter(study=study, status=Response.SURPLUS).values_list("pk", flat=True))
    of_people = signals_of_people(Participation.objects.filter(study=study).values_list("pk", flat=True))
    total = ResponseSignals.objects.filter(study_id=study.pk).count()
    trial = Trial(definition)
    answers: list[Past] = []
    person = 0
    for done, row in enumerate(_rows(study)):
        if row.participation_id != person:
            trial.add(person, answers)
            person, answers = row.participation_id, []
        counts = labels.get(row.stimulus_id, Counter())
        # a surplus answer is not among the counts
        others = counts if row.response_id in surplus else counts - Counter([row.label])
        minority = is_in_minority(row.label, others) if row.label else None
        answers.append(Past(row.response_id, {**of_people.get(person, {}), **row.signals}, minority))
        if done % 500 == 0:
            progress(done, total, "Trying the rule on past responses")
    trial.add(person, answers)
    progress(total, total, "Trying the rule on past responses")
    return trial


def _rows(study: Study) -> Iterator[ResponseSignals]:
    rows = ResponseSignals.objects.filter(study_id=study.pk).order_by("participation_id", "response_id")
    return rows.only("response_id", "participation_id", "stimulus_id", "label", "signals").iterator(ROWS_AT_ONCE)


def _label_counts(study: Study) -> dict[int, Counter[str]]:
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    with connection.cursor() as cursor:
        cursor.execute(
            "select stimulus_id, label, count(*) from annotation_response"
            " where study_id = %s and status = %s and label <> '' group by 1, 2",
            [study.pk, Response.ACCEPTED],
        )
        for stimulus_id, label, n in cursor:
            counts[stimulus_id][label] = n
    return counts


def _wait_for_signals(study: Study, progress: Progress) -> None:
    """Computes the signals that are still due, so that the trial sees every response."""
    compute_signals(study=study, most_seconds=0, wait=True)
    left = first = SignalQueue.objects.filter(study_id=study.pk).count()
    while left:
        progress(first - left, first, "Computing the signals of answers that came just now")
        compute_signals(study=study, most_seconds=2, wait=True)
        still = SignalQueue.objects.filter(study_id=study.pk).count()
        first += max(still - left, 0)
        left = still
