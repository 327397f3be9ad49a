"""Counts a study from its responses into fresh figures, says what the stored ones had wrong, and replaces them."""

import math
from collections.abc import Callable
from typing import Any

from analysis.models import AnnotatorStatistics, PaceSlot, StimulusStatistics, StudyStatistics
from analysis.services.count_study import StudyCount, agreement_of, is_of_another_program, write_stimuli
from analysis.statistics import SumsMismatch

_FACTS = [
    "stimulus_key", "counts", "participations", "chosen", "slots", "n_responses", "n_simulated", "n_surplus",
    "n_withdrawn", "agreement", "entropy_nats", "top_labels", "top_share", "n_positive", "n_negative", "n_else",
    "last_response_at",
]  # fmt: skip
_TOTALS = ["n_responses", "n_stimuli", "n_annotators", "n_simulated", "n_surplus", "n_withdrawn"]


def count_and_replace(study: Any, on_progress: Callable[[int], None] = lambda _: None) -> list[str]:
    """Replaces the study's figures by freshly counted ones. Returns what was different, a sentence each."""
    return _count(study, on_progress, replace=True)


def count_and_compare(study: Any, on_progress: Callable[[int], None] = lambda _: None) -> list[str]:
    """What is different between the study's figures and freshly counted ones, a sentence each; changes nothing."""
    return _count(study, on_progress, replace=False)


def _count(study: Any, on_progress: Callable[[int], None], *, replace: bool) -> list[str]:
    fresh = StudyCount.empty(study)
    differences: list[str] = []
    try:
        stored = StudyCount.stored(study)
    except SumsMismatch as mismatch:
        stored = None
        differences.append(str(mismatch))
    n_counted = 0
    seen: set[int] = set()
    for rows in fresh.count_everything():
        before = StimulusStatistics.objects.in_bulk([row.stimulus_id for row in rows])
        changed: list[StimulusStatistics] = []
        for row in rows:
            seen.add(row.stimulus_id)
            old = before.get(row.stimulus_id)
            if old is None or _wrong_facts(old, row):
                changed.append(row)
                differences.append(_stimulus_sentence(old, row))
        if replace:
            write_stimuli(changed)
        n_counted += len(rows)
        on_progress(n_counted)
    stored_ids = StimulusStatistics.objects.filter(study_id=study.pk).values_list("pk", flat=True)
    left = sorted(set(stored_ids.iterator()) - seen)
    differences += [f"Stimulus {stimulus_id} has figures, but no responses." for stimulus_id in left]
    if stored is not None:
        differences += _study_sentences(stored, fresh)
    elif not differences and StudyStatistics.objects.filter(pk=study.pk).exists():
        differences.append("The figures were made with another label set, or their last count had failed.")
    if not replace or (not differences and stored is not None):
        return differences
    StimulusStatistics.objects.filter(pk__in=left).delete()
    AnnotatorStatistics.objects.filter(study_id=study.pk).delete()
    PaceSlot.objects.filter(study_id=study.pk).delete()
    fresh.store()
    return differences


def _wrong_facts(old: StimulusStatistics, new: StimulusStatistics) -> list[str]:
    return [name for name in _FACTS if not _same(getattr(old, name), getattr(new, name))]


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=1e-9, abs_tol=1e-12)  # two machines may round a logarithm differently
    return bool(old == new)


def _stimulus_sentence(old: StimulusStatistics | None, new: StimulusStatistics) -> str:
    if old is None:
        return f"Stimulus {new.stimulus_id} has {new.n_responses} accepted responses that were not counted."
    shown = ", ".join(
        f"{name} {getattr(old, name)} instead of {getattr(new, name)}" for name in _wrong_facts(old, new)[:3]
    )
    return f"Stimulus {new.stimulus_id}: {shown}."


def _wrong_estimates(stored: StudyCount, fresh: StudyCount) -> list[str]:
    """Figures that do not follow from the sums, which are equal. Those that another program drew are not compared."""
    if fresh.sums is None or is_of_another_program(stored.statistics):
        return []
    shown, counted = stored.statistics.estimates, fresh.sums.estimates(label_names=fresh.label_ids)
    sentences = []
    for name in sorted(shown.keys() | counted.keys()):
        old, new = shown.get(name), counted[name].as_dict() if name in counted else None
        if old is None or new is None:
            sentences.append(
                f"{name}: {'not there' if old is None else 'there'}, and should {'' if new else 'not '}be."
            )
            continue
        for key in new.keys() | old.keys():
            if not _same(old.get(key), new.get(key)):
                sentences.append(f"{name}: {key} {old.get(key)} instead of {new.get(key)}.")
    polarities = fresh.polarity_totals()
    if stored.statistics.polarity_totals != polarities:
        sentences.append(f"Responses per polarity: {stored.statistics.polarity_totals} instead of {polarities}.")
    return sentences


def _study_sentences(stored: StudyCount, fresh: StudyCount) -> list[str]:
    """Compares sums, totals, people and pace of a study."""
    sentences: list[str] = []
    if stored.sums is not None and fresh.sums is not None:
        sentences += stored.sums.equal_to(fresh.sums) or _wrong_estimates(stored, fresh)
        shown = stored.statistics.label_totals
        counted = dict(zip(fresh.label_ids, fresh.sums.label_totals.tolist(), strict=True))
        if shown != counted:
            sentences.append(f"Responses per label: {shown} instead of {counted}.")
    change, n_labels = fresh.change, len(fresh.label_ids)
    people = {
        person: (sums.n_responses, [sums.label_counts[label] for label in range(n_labels)], sums.n_compared,
                 sums.agreement_units)
        for person, sums in change.people.items()
    }  # fmt: skip
    rows = AnnotatorStatistics.objects.filter(study_id=fresh.study.pk).values_list(
        "participation_id", "n_responses", "label_counts", "n_compared", "agreement_units"
    )
    known_people = {row[0]: tuple(row[1:]) for row in rows}
    wrong = sorted(
        person for person in people.keys() | known_people.keys() if people.get(person) != known_people.get(person)
    )
    sentences += [
        f"Participation {person}: {known_people.get(person)} instead of {people.get(person)}." for person in wrong
    ]
    shares = AnnotatorStatistics.objects.filter(study_id=fresh.study.pk).values_list(
        "participation_id", "agreement", "agreement_units", "n_compared"
    )
    sentences += [
        f"Participation {person}: agreement {agreement} instead of {agreement_of(units, n_compared)}."
        for person, agreement, units, n_compared in shares
        if not _same(agreement, agreement_of(units, n_compared))
    ]
    known_pace = dict(PaceSlot.objects.filter(study_id=fresh.study.pk).values_list("slot", "n_responses"))
    if known_pace != +change.pace:
        sentences.append(
            f"Responses over time: {sum(known_pace.values())} in {len(known_pace)} slots instead of "
            f"{sum(change.pace.values())} in {len(+change.pace)}."
        )
    for name in _TOTALS:
        counted_total = len(people) if name == "n_annotators" else getattr(change, name)
        if getattr(stored.statistics, name) != counted_total:
            sentences.append(f"{name}: {getattr(stored.statistics, name)} instead of {counted_total}.")
    return sentences
