"""Moves a study's figures by what changed at some of its stimuli. Refresh and recount both count with this."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from django.utils import timezone

from analysis.models import AnnotatorStatistics, PaceSlot, StimulusStatistics, StudyStatistics
from analysis.services.tally import PersonSums, StimulusTally, StudyChange, tally, tally_of_row
from analysis.statistics import DEFAULT_SEED, POLARITIES, AgreementSums, polarities_of, stimulus_facts
from annotation.queries import responses_to_count, stimulus_ids_in_chunks, stimulus_keys
from snapshots.version import code_version

#: Stimuli counted at once: bounds memory, whatever the size of an import.
CHUNK = 2_000
ROWS_PER_STATEMENT = 500


def labels_hash(labels: Sequence[Any]) -> str:
    """Changes whenever ids, order or polarities of a label set do; names may be reworded."""
    meaning = [[label["id"], label["polarity"]] for label in labels]
    return hashlib.sha256(json.dumps(meaning).encode()).hexdigest()


class StudyCount:
    """The state of one study's figures in memory: stored state plus changes, or, started empty, a count of everything.

    The caller holds the lock of the change mark: nobody else writes these rows meanwhile.
    """

    def __init__(self, study: Any, statistics: StudyStatistics, sums: AgreementSums | None) -> None:
        self.study = study
        self.label_ids: list[str] = [label["id"] for label in study.labels]
        self.statistics = statistics
        self.sums = sums
        self.change = StudyChange()

    @classmethod
    def empty(cls, study: Any) -> "StudyCount":
        """Of a study of which nothing is counted yet."""
        labels = study.labels
        statistics = StudyStatistics(
            study_id=study.pk, labels_hash=labels_hash(labels), labels=[dict(label) for label in labels]
        )
        sums = AgreementSums(len(labels), polarities_of(labels), seed=DEFAULT_SEED) if labels else None
        return cls(study, statistics, sums)

    @classmethod
    def stored(cls, study: Any) -> "StudyCount | None":
        """From the stored row; None if there is none, or if it was counted with another label set.

        Raises SumsMismatch if the stored sums are damaged or were written by a version that counted otherwise.
        """
        statistics = StudyStatistics.objects.filter(pk=study.pk).first()
        if statistics is None or statistics.labels_hash != labels_hash(study.labels):
            return None
        statistics.labels = [dict(label) for label in study.labels]  # their names may have been reworded
        sums = AgreementSums.from_bytes(bytes(statistics.sums)) if statistics.sums is not None else None
        return cls(study, statistics, sums)

    # Counting

    def recount(self, stimulus_ids: Sequence[int]) -> None:
        """Counts these stimuli's responses anew and moves the figures from what they gave before to what they give.

        Raises SumsMismatch if what is stored of them was never part of the sums; then count the study anew.
        """
        for start in range(0, len(stimulus_ids), CHUNK):
            ids = stimulus_ids[start : start + CHUNK]
            rows = {row.stimulus_id: row for row in StimulusStatistics.objects.filter(stimulus_id__in=ids)}
            before = {stimulus_id: tally_of_row(row) for stimulus_id, row in rows.items()}
            keys = {row.stimulus_id: row.stimulus_key for row in rows.values()} | stimulus_keys(ids)
            after = tally(responses_to_count(ids), self.label_ids)
            self._move(ids, before, after, keys)
            gone = [stimulus_id for stimulus_id in ids if stimulus_id not in after]
            StimulusStatistics.objects.filter(stimulus_id__in=gone).delete()
            write_stimuli(self.stimulus_rows(after.values(), keys))

    def count_everything(self) -> Iterable[list[StimulusStatistics]]:
        """Counts all stimuli of an empty state; yields their rows chunk by chunk, not yet written."""
        for ids in stimulus_ids_in_chunks(self.study, CHUNK):
            after = tally(responses_to_count(ids), self.label_ids)
            keys = stimulus_keys(ids)
            self._move(ids, {}, after, keys)
            yield self.stimulus_rows(after.values(), keys)

    def _move(
        self,
        stimulus_ids: Sequence[int],
        before: dict[int, StimulusTally],
        after: dict[int, StimulusTally],
        keys: dict[int, str],
    ) -> None:
        touched = [number for number in stimulus_ids if number in before or number in after]
        if self.sums is not None and touched:
            nothing = StimulusTally(0)
            n_labels = len(self.label_ids)
            old = np.array([before.get(number, nothing).counts(n_labels) for number in touched], dtype=np.int64)
            new = np.array([after.get(number, nothing).counts(n_labels) for number in touched], dtype=np.int64)
            self.sums.replace([keys[number] for number in touched], old, new)
        for number in touched:
            if number in before:
                self.change.move(before[number], len(self.label_ids), -1)
            if number in after:
                self.change.move(after[number], len(self.label_ids), 1)

    def stimulus_rows(self, tallies: Iterable[StimulusTally], keys: dict[int, str]) -> list[StimulusStatistics]:
        """The stimuli's rows as they are to be stored."""
        kept = list(tallies)
        n_labels = len(self.label_ids)
        facts: list[dict[str, Any]] = [{} for _ in kept]
        if self.sums is not None and kept:
            counts = np.array([stimulus.counts(n_labels) for stimulus in kept], dtype=np.int64)
            found = stimulus_facts(counts, self.sums.polarities)
            facts = [found.as_dict(row) for row in range(len(kept))]
        return [
            StimulusStatistics(
                stimulus_id=stimulus.stimulus_id,
                study_id=self.study.pk,
                stimulus_key=keys[stimulus.stimulus_id],
                counts=stimulus.counts(n_labels),
                participations=stimulus.participations,
                chosen=stimulus.chosen,
                slots=stimulus.slots,
                n_responses=stimulus.n_responses,
                n_simulated=stimulus.n_simulated,
                n_surplus=stimulus.n_surplus,
                n_withdrawn=stimulus.n_withdrawn,
                agreement=fact.get("pairwise_agreement"),
                entropy_nats=fact.get("entropy_nats"),
                top_labels=fact.get("top_labels", []),
                top_share=fact.get("top_share"),
                n_positive=(fact.get("polarity_counts") or {}).get("positive", 0),
                n_negative=(fact.get("polarity_counts") or {}).get("negative", 0),
                n_else=(fact.get("polarity_counts") or {}).get("else", 0),
                last_response_at=stimulus.last_response_at,
            )
            for stimulus, fact in zip(kept, facts, strict=True)
        ]

    # Storing

    def store(self) -> StudyStatistics:
        """Writes people, pace and the study's own row."""
        n_new_annotators = self._store_people()
        self._store_pace()
        statistics = self.statistics
        statistics.n_annotators += n_new_annotators
        for name in ("n_responses", "n_stimuli", "n_simulated", "n_surplus", "n_withdrawn"):
            setattr(statistics, name, getattr(statistics, name) + getattr(self.change, name))
        if self.sums is not None:
            totals = self.sums.label_totals.tolist()
            estimates = self.sums.estimates(label_names=self.label_ids)
            statistics.sums = self.sums.to_bytes()
            statistics.label_totals = dict(zip(self.label_ids, totals, strict=True))
            statistics.polarity_totals = self.polarity_totals()
            statistics.estimates = {name: estimate.as_dict() for name, estimate in estimates.items()}
            statistics.seed = self.sums.seed
        statistics.as_of = timezone.now()
        statistics.code_version = code_version()
        statistics.save()
        self.change = StudyChange()
        return statistics

    def polarity_totals(self) -> dict[str, int] | None:
        """Responses per polarity; None without labels, or where not every label has one."""
        polarities = None if self.sums is None else self.sums.polarity_totals
        return None if polarities is None else dict(zip(POLARITIES, polarities.tolist(), strict=True))

    def _store_people(self) -> int:
        """Moves the sums of everybody whose answers, or those of others beside them, changed.

        Returns by how much the number of people with an accepted response moved.
        """
        changed = {person: sums for person, sums in self.change.people.items() if sums.changes_something}
        stored = AnnotatorStatistics.objects.in_bulk(list(changed))
        n_new = 0
        kept: list[AnnotatorStatistics] = []
        gone: list[AnnotatorStatistics] = []
        for participation_id, sums in changed.items():
            row = stored.get(participation_id) or AnnotatorStatistics(
                participation_id=participation_id,
                study_id=self.study.pk,
                n_responses=0,
                label_counts=[0] * len(self.label_ids),
                n_compared=0,
                agreement_units=0,
            )
            had_responses = row.n_responses > 0
            add_to_person(row, sums)
            n_new += (row.n_responses > 0) - had_responses
            (kept if row.n_responses else gone).append(row)
        AnnotatorStatistics.objects.filter(pk__in=[row.pk for row in gone]).delete()
        write_people(kept)
        return n_new

    def _store_pace(self) -> None:
        moved = {slot: n for slot, n in self.change.pace.items() if n}
        known = PaceSlot.objects.filter(study_id=self.study.pk, slot__in=moved)
        rows = {row.slot: row for row in known}
        for slot, n in moved.items():
            row = rows.setdefault(slot, PaceSlot(study_id=self.study.pk, slot=slot, n_responses=0))
            row.n_responses += n
        write_pace([row for row in rows.values() if row.n_responses])
        PaceSlot.objects.filter(pk__in=[row.pk for row in rows.values() if row.pk and not row.n_responses]).delete()


def add_to_person(row: AnnotatorStatistics, sums: PersonSums) -> None:
    row.n_responses += sums.n_responses
    row.n_compared += sums.n_compared
    row.agreement_units += sums.agreement_units
    for label, n in sums.label_counts.items():
        row.label_counts[label] += n
    row.agreement = agreement_of(row.agreement_units, row.n_compared)


def agreement_of(units: int, n_compared: int) -> float | None:
    """A person's agreement out of its sum: 0 to 1, None where nobody can be compared with her."""
    return units * AnnotatorStatistics.UNIT / n_compared if n_compared else None


def is_of_another_program(statistics: StudyStatistics) -> bool:
    """Whether another version drew the figures from the sums, which may have known others or drawn them otherwise."""
    return statistics.code_version != code_version()


def write_stimuli(rows: Sequence[StimulusStatistics]) -> None:
    fields = [field.name for field in StimulusStatistics._meta.concrete_fields if not field.primary_key]
    StimulusStatistics.objects.bulk_create(
        rows, ROWS_PER_STATEMENT, update_conflicts=True, unique_fields=["stimulus_id"], update_fields=fields
    )


def write_people(rows: Sequence[AnnotatorStatistics]) -> None:
    fields = [field.name for field in AnnotatorStatistics._meta.concrete_fields if not field.primary_key]
    AnnotatorStatistics.objects.bulk_create(
        rows, ROWS_PER_STATEMENT, update_conflicts=True, unique_fields=["participation_id"], update_fields=fields
    )


def write_pace(rows: Sequence[PaceSlot]) -> None:
    PaceSlot.objects.bulk_create(
        [PaceSlot(study_id=row.study_id, slot=row.slot, n_responses=row.n_responses) for row in rows],
        ROWS_PER_STATEMENT,
        update_conflicts=True,
        unique_fields=["study_id", "slot"],
        update_fields=["n_responses"],
    )


def forget_study(study_id: int) -> None:
    """Throws a study's results away; what is left of it in the change mark does no harm."""
    for table in (StimulusStatistics, AnnotatorStatistics, PaceSlot, StudyStatistics):
        table._default_manager.filter(study_id=study_id).delete()
