"""Two sides set beside each other: two studies, two sources or periods of one, or two label sets that were asked."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from analysis.over_snapshots.label_answers import LabelAnswers, choice_steps, label_answers
from analysis.over_snapshots.label_mapping import SAME, CommonLabels, common_labels
from analysis.over_snapshots.parts import in_sections
from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis
from analysis.statistics import DEFAULT_SEED, polarities_of
from analysis.statistics.group_comparison import compare_pair
from analysis.statistics.side_comparison import LEAST_ANSWERS, both_together, compare_everything
from annotation.errors import InvalidInput
from snapshots.reader import Snapshot

STUDIES, SOURCES, PERIODS, STEPS = "studies", "sources", "periods", "steps"
KINDS = (STUDIES, SOURCES, PERIODS, STEPS)
DEFAULTS: dict[str, Any] = {
    "what": SOURCES,
    "first": "",
    "second": "",
    "other": "",
    "labels": SAME,
    "mapping": "",
    "with_simulated": True,
    "margin": 0.05,
    "seed": DEFAULT_SEED,
}


def compare_snapshots(first: Snapshot, second: Snapshot, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The same snapshot twice, but for what = studies. Raises InvalidInput, SnapshotError."""
    progress(0, 3, "reading both sides")
    sides = _Sides(first, second, options)
    progress(1, 3, "comparing everything")
    everything = sides.everything()
    progress(2, 3, "comparing what both answered")
    result = sides.joined(everything, sides.shared())
    progress(3, 3, "")
    return result


class _Sides:
    """Both sides in common terms, and what can be computed of them apart."""

    def __init__(self, first: Snapshot, second: Snapshot, options: dict[str, Any]) -> None:
        if options["what"] not in KINDS:
            raise InvalidInput(
                f"what must be one of {', '.join(KINDS)}, not {options['what']!r}. Nothing was compared."
            )
        if not 0 < options["margin"] < 1:
            raise InvalidInput(f"margin must lie between 0 and 1, not {options['margin']!r}. Nothing was compared.")
        self._snapshots, self._options = (first, second), options
        self._sides = one, other = _side(first, options, options["first"]), _side(second, options, options["second"])
        self._common = common_labels(one.labels, other.labels, options["labels"], options["mapping"])
        self._columns, self._n_left_out = _joined(one, other, self._common)
        self._keys = sorted({*one.keys, *other.keys})

    def everything(self) -> dict[str, Any]:
        # half a division into positive, negative and else says nothing of mixing
        return compare_everything(
            *self._columns,
            keys=self._keys,
            n_labels=len(self._common.labels),
            polarities=polarities_of(self._common.labels),
            margin=self._options["margin"],
            seed=self._options["seed"],
        )

    def shared(self) -> dict[str, Any]:
        return compare_pair(
            self._columns,
            n_labels=len(self._common.labels),
            margin=self._options["margin"],
            least_answers=LEAST_ANSWERS,
            seed=self._options["seed"],
        )

    def joined(self, everything: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
        found = both_together(everything, shared)
        for stimulus in found["shared"]["stimuli"]:
            stimulus["stimulus_key"] = self._keys[stimulus.pop("row")]
        (first, second), (one, other), common, options = self._snapshots, self._sides, self._common, self._options
        return {
            "common_labels": common.labels,
            "left_out": [
                {"labels": common.left_out[at], "n_responses": n, "share": _share(n, self._sides[at])}
                for at, n in enumerate(self._n_left_out)
            ],
            "n_simulated": [int(one.is_simulated.sum()), int(other.is_simulated.sum())],
            "is_merged": common.is_merged,
            "asked_differently": _asked_differently(first, one, second, other),
            "label_sets_differ": [label["id"] for label in one.labels] != [label["id"] for label in other.labels],
            "periods_overlap": options["what"] == PERIODS and _overlap(options["first"], options["second"]),
            **found,
        }


def _share(n: int, side: LabelAnswers) -> float:
    return n / len(side.label) if len(side.label) else 0.0


def _side(snapshot: Snapshot, options: dict[str, Any], name: str) -> LabelAnswers:
    step = None
    if options["what"] == STEPS:
        if name not in choice_steps(snapshot):
            raise InvalidInput(
                f"The study has no step {name!r} with labels; it has {', '.join(choice_steps(snapshot))}. "
                "Nothing was compared."
            )
        step = name
    answers = label_answers(snapshot, step)
    rows = np.ones(len(answers.label), dtype=bool)
    if options["what"] == SOURCES:
        if name not in answers.sources:
            raise InvalidInput(f"The study has no images of the source {name!r}. Nothing was compared.")
        rows &= (np.array(answers.sources, dtype=object) == name)[answers.stimulus]
    if options["what"] == PERIODS:
        start, end = microseconds(name)
        rows &= (answers.created >= start) & (answers.created < end)
    if not options["with_simulated"]:
        rows &= ~answers.is_simulated
    return answers.only(rows)


def period_of(text: str) -> tuple[date, date]:
    """'2026-03-01..2026-03-31': the first and the last day. Raises InvalidInput."""
    parts = text.split("..")
    try:
        first, last = (date.fromisoformat(part.strip()) for part in parts)
    except ValueError:
        raise InvalidInput(
            f"A period is two days, such as 2026-03-01..2026-03-31, not {text[:40]!r}. Nothing was compared."
        ) from None
    if last < first:
        raise InvalidInput(f"The period {text} ends before it begins. Nothing was compared.")
    if last == date.max:
        raise InvalidInput(f"The period {text} ends with the calendar; give an earlier day. Nothing was compared.")
    return first, last


def moments(text: str) -> tuple[datetime, datetime]:
    """Of a period, UTC: its start, and the end that is no longer in it."""
    first, last = period_of(text)
    start, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, last + timedelta(days=1)))
    return start, end


def microseconds(text: str) -> tuple[int, int]:
    """The same in microseconds since 1970."""
    start, end = (int(moment.timestamp()) * 1_000_000 for moment in moments(text))
    return start, end


def _overlap(first: str, second: str) -> bool:
    one, other = microseconds(first), microseconds(second)
    return one[0] < other[1] and other[0] < one[1]


def _joined(
    one: LabelAnswers, other: LabelAnswers, common: CommonLabels
) -> tuple[tuple[np.ndarray, ...], tuple[int, int]]:
    """Side, stimulus, person and label of every answer in common terms; how many were in no common label."""
    keys = {key: place for place, key in enumerate(sorted({*one.keys, *other.keys}))}
    people = {name: place for place, name in enumerate(sorted({*one.pseudonyms, *other.pseudonyms}))}
    columns: list[list[np.ndarray]] = [[], [], [], []]
    n_left_out = []
    for at, (answers, places) in enumerate(((one, common.first), (other, common.second))):
        label = np.array(places, dtype=np.int64)[answers.label]
        kept = label >= 0
        n_left_out.append(int((~kept).sum()))
        stimulus = np.array([keys[key] for key in answers.keys], dtype=np.int64)[answers.stimulus[kept]]
        person = np.array([people[name] for name in answers.pseudonyms], dtype=np.int64)[answers.person[kept]]
        for column, values in zip(columns, (np.full(kept.sum(), at), stimulus, person, label[kept]), strict=True):
            column.append(values)
    side, stimulus, person, label = (np.concatenate(column) for column in columns)
    return (side, stimulus, person, label), (n_left_out[0], n_left_out[1])


def _asked_differently(first: Snapshot, one: LabelAnswers, second: Snapshot, other: LabelAnswers) -> list[str]:
    """Which of these differ: instructions, the step's own options (its question among them), the other steps."""
    differing = []
    if first.study.get("instructions") != second.study.get("instructions"):
        differing.append("instructions")
    steps = []
    for snapshot, side in ((first, one), (second, other)):
        step = next(step for step in snapshot.study["steps"] if step["name"] == side.step)
        steps.append({key: value for key, value in step["options"].items() if "label" not in key})
    if steps[0] != steps[1]:
        differing.append("question")
    kinds = [[step["kind"] for step in snapshot.study["steps"]] for snapshot in (first, second)]
    if kinds[0] != kinds[1]:
        differing.append("steps")
    return differing


def run(snapshot: Snapshot, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Raises InvalidInput: two studies need two snapshots (analysis/services/compare_sides.py)."""
    _check_one_snapshot(options)
    return compare_snapshots(snapshot, snapshot, options, progress)


def _check_one_snapshot(options: dict[str, Any]) -> None:
    if options["what"] == STUDIES:
        raise InvalidInput(
            "Two studies are compared on the page Compare of one of them, since this command sees one snapshot only. "
            "Nothing was compared."
        )


def _section(snapshot: Snapshot, options: dict[str, Any], name: str) -> dict[str, Any]:
    _check_one_snapshot(options)
    sides = _Sides(snapshot, snapshot, options)
    return sides.everything() if name == "everything" else sides.shared()


def _join(snapshot: Snapshot, options: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    return _Sides(snapshot, snapshot, options).joined(found["everything"], found["shared"])


COMPARISON = SnapshotAnalysis(
    name="comparison",
    title="Two sides compared",
    definition="Shares and agreement of two studies, sources, periods or label sets beside each other, over all their "
    "images and over those that both answered. Differences of shares by person and image (two-way clustering, "
    "Student's t), corrected after Holm over the labels; differences of agreement by resampling images.",
    source="Cameron, Gelbach and Miller (2011); Wong, Paritosh and Aroyo (2021); Schuirmann (1987); Holm (1979)",
    run=run,
    defaults=DEFAULTS,
    parts=in_sections(lambda options: ("everything", "shared"), _section, _join),
)
