"""Trainings side by side: what was set, how they learned, how good they are on the same stimuli, what data they had."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.safestring import mark_safe

from analysis.charts.run_curves import STYLES, RunCurve, run_curves
from analysis.network_captions import DIRECTIONS, as_shown, meaning_of, signed
from analysis.network_metrics import METRICS, human_ceilings
from analysis.queries import study_statistics
from annotation.errors import InvalidInput
from annotation.models import SnapshotRecord, Study
from annotation.queries import snapshots_of
from modelserve.caption_directions import CAPTION_DIRECTIONS
from modelserve.models import Network, NetworkComparison, TrainingRun
from modelserve.options import TASKS, describe_options
from modelserve.queries import training_runs_of
from modelserve.services.compare_versions import MOST_NETWORKS, comparison_of

CHOICES_SHOWN = 60


@dataclass(frozen=True)
class ComparedRun:
    """One column. name: short, for headings and the ends of lines."""

    run: TrainingRun
    network: Network | None
    name: str
    css: str
    is_base: bool


@dataclass(frozen=True)
class SettingRow:
    """One option that is not the same in all runs."""

    name: str
    meaning: str
    values: list[Any]


@dataclass(frozen=True)
class DataRow:
    """What a run learned from, in numbers, beside the base's; None where it is not known any more."""

    name: str
    snapshot_id: str
    counts: list[int | None]
    changed: str


@dataclass(frozen=True)
class MetricCell:
    """A version's figure, and how it differs from the base's on the same rows."""

    heading: str
    value: str
    interval: str
    difference: str = ""
    difference_interval: str = ""
    is_certain: bool = False


@dataclass(frozen=True)
class ComparedMetric:
    """One metric of all versions. people: the human ceiling, where it can be said."""

    name: str
    title: str
    unit: str
    meaning: str
    direction: str
    cells: list[MetricCell]
    people: str
    people_interval: str
    n: int


@dataclass(frozen=True)
class ComparePage:
    """Everything about the chosen runs. comparison: on the same stimuli, if a job has measured it."""

    runs: list[ComparedRun]
    task_title: str
    settings: list[SettingRow]
    n_same: int
    data: list[DataRow]
    figure: dict[str, Any] | None
    metrics: list[ComparedMetric]
    comparison: NetworkComparison | None
    is_same_snapshot: bool
    left_out: list[dict[str, Any]] = field(default_factory=list)

    @property
    def versions(self) -> list[ComparedRun]:
        return [one for one in self.runs if one.network is not None]

    @property
    def query(self) -> str:
        return "&".join(f"run={one.run.pk}" for one in self.runs)


def chosen_runs(study: Study, given: Sequence[str]) -> list[TrainingRun]:
    """The study's runs of these numbers, oldest first. Raises InvalidInput naming what cannot be compared."""
    wanted = []
    for number in dict.fromkeys(given):
        if not (number.isascii() and number.isdigit() and len(number) <= 18):
            raise InvalidInput(f"run: '{number[:40]}' is no number of a run.")
        wanted.append(int(number))
    runs = list(training_runs_of(study.slug).filter(pk__in=wanted).order_by("pk"))
    missing = set(wanted) - {run.pk for run in runs}
    if missing:
        raise InvalidInput(f"This study has no run {min(missing)}. Choose among those below.")
    if len(runs) > MOST_NETWORKS:
        raise InvalidInput(f"{len(runs)} runs were chosen; at most {MOST_NETWORKS} stand side by side.")
    if len({run.task for run in runs}) > 1:
        raise InvalidInput("These runs teach different things, so they have no metric in common. Choose one kind.")
    return runs


def run_choices(study: Study) -> list[tuple[str, list[TrainingRun]]]:
    """(task, its newest runs), for the form."""
    runs = list(training_runs_of(study.slug)[:CHOICES_SHOWN])
    return [
        (task.title, of_task) for task in TASKS.values() if (of_task := [run for run in runs if run.task == task.name])
    ]


def compare_page(study: Study, runs: Sequence[TrainingRun]) -> ComparePage:
    """runs: at least two, of one task, oldest first; the others are held to the first that has a version."""
    networks = [getattr(run, "network", None) for run in runs]
    base = next((network for network in networks if network is not None), None)
    compared = [
        ComparedRun(
            run,
            network,
            f"version {network.version}" if network else f"run {run.pk}",
            STYLES[number],
            network is not None and network is base,
        )
        for number, (run, network) in enumerate(zip(runs, networks, strict=True))
    ]
    versions = [network for network in networks if network is not None]
    comparison = comparison_of(study.slug, [network.pk for network in versions]) if len(versions) > 1 else None
    settings, n_same = _settings(runs)
    return ComparePage(
        compared,
        TASKS[runs[0].task].title,
        settings,
        n_same,
        _data(study, compared, comparison),
        _figure(study, compared),
        _metrics(study, compared, comparison),
        comparison,
        len({network.snapshot_id for network in versions}) < 2,
        comparison.result["left_out"] if comparison else [],
    )


def _settings(runs: Sequence[TrainingRun]) -> tuple[list[SettingRow], int]:
    """The options that differ, and how many do not. An option that is younger than a run has no value there."""
    meanings = {row["name"]: row["meaning"] for row in describe_options(runs[0].task)}
    meanings["promote_by"] = "the metric by which a version is promoted"
    names = list(dict.fromkeys(name for run in runs for name in run.options))
    rows, n_same = [], 0
    for name in names:
        values = [run.options.get(name, "–") for run in runs]
        if all(value == values[0] for value in values):
            n_same += 1
        else:
            rows.append(SettingRow(name, meanings.get(name, ""), values))
    programs = [run.code_version for run in runs]
    if len(set(programs)) > 1:
        rows.append(SettingRow("program", "the version of this software", [text[:24] for text in programs]))
    return rows, n_same


def _data(study: Study, runs: Sequence[ComparedRun], comparison: NetworkComparison | None) -> list[DataRow]:
    records = snapshots_of(study)
    found = {one["network"]: one for one in comparison.result["data"]} if comparison else {}
    base = next((one for one in runs if one.is_base), runs[0])
    rows = []
    for one in runs:
        record: SnapshotRecord | None = records.get(one.run.snapshot_id)
        counts: list[int | None] = [None] * 4
        if record:
            counts = [record.n_responses, record.n_simulated, record.n_stimuli, record.n_annotators]
        facts = found.get(one.network.pk) if one.network else None
        rows.append(DataRow(one.name, one.run.snapshot_id, counts, _changed(one, base, facts)))
    return rows


def _changed(one: ComparedRun, base: ComparedRun, facts: Mapping[str, Any] | None) -> str:
    if one is base:
        return "what the others are held to"
    if one.run.snapshot_id == base.run.snapshot_id:
        return "the very same data"
    if facts is None or "n_added" not in facts:
        return str((facts or {}).get("why", "")) or "other data; measure on the same stimuli to see which answers"
    parts = [
        f"{facts[name]:,} {words}"
        for name, words in (
            ("n_added", "answers more"),
            ("n_removed", "answers fewer"),
            ("n_changed", "answered otherwise"),
            ("n_stimuli_added", "images more"),
            ("n_stimuli_removed", "images fewer"),
        )
        if facts[name]
    ]
    moved = {label: now - then for label, (then, now) in facts["shares"].items()}
    if moved:
        label = max(moved, key=lambda name: abs(moved[name]))
        if abs(moved[label]) >= 0.005:  # half a point: less is not worth a reader's time
            parts.append(f"most moved is {label}, {100 * moved[label]:+.1f} points".replace("-", "−"))
    return ", ".join(parts) or "the same answers"


def _figure(study: Study, runs: Sequence[ComparedRun]) -> dict[str, Any] | None:
    drawn = [one for one in runs if one.run.curve]
    if not drawn:
        return None
    curves = [
        RunCurve(_short(one), one.css, [(int(row["epoch"]), float(row["validation_loss"])) for row in one.run.curve])
        for one in drawn
    ]
    best = {one.name: min(curve.points, key=lambda point: point[1]) for one, curve in zip(drawn, curves, strict=True)}
    lead = "The best on what is held out: " + "; ".join(
        f"{name} {loss:.3f} in epoch {epoch}" for name, (epoch, loss) in best.items()
    )
    epochs = sorted({epoch for curve in curves for epoch, _ in curve.points})
    query = "&".join(f"run={one.run.pk}" for one in runs)
    tables = [{int(row["epoch"]): row for row in one.run.curve} for one in drawn]
    return {
        "id": "curves",
        "title": "Held-out loss by epoch",
        "lead": f"{lead}.",
        "svg": mark_safe(run_curves("Held-out loss by epoch", f"{lead}.", curves)),  # noqa: S308  # our own words
        "columns": ["Epoch", *(one.name for one in drawn)],
        "rows": [
            [epoch, *(f"{table[epoch]['validation_loss']:.4f}" if epoch in table else "–" for table in tables)]
            for epoch in epochs
        ],
        "csv_url": f"{reverse('study_network_curves_csv', args=[study.slug])}?{query}",
        "definition": (
            "What a training makes small, on the validation stimuli of its own snapshot: nothing is learned from them. "
            "Curves of different snapshots have different stimuli below them; only the table of metrics below compares "
            "on the same ones."
        ),
    }


def _short(one: ComparedRun) -> str:
    """A name that fits beside its line on a phone."""
    return f"v{one.network.version}" if one.network else f"run {one.run.pk}"


def _metrics(study: Study, runs: Sequence[ComparedRun], comparison: NetworkComparison | None) -> list[ComparedMetric]:
    statistics = study_statistics(study.pk)
    ceilings = human_ceilings(statistics.estimates, TASKS[runs[0].run.task].reads) if statistics else {}
    versions = [one for one in runs if one.network is not None]
    if comparison is not None:
        kept = {row["network"] for row in comparison.result["networks"]}
        versions = [one for one in versions if one.network and one.network.pk in kept]
        return [_compared(row, versions, ceilings) for row in comparison.result["metrics"]]
    rows = []
    for metric in METRICS:
        own = [(one.network.metrics or {}).get(metric.name) if one.network else None for one in versions]
        if not versions or metric.is_of_captions or any(value is None for value in own):
            continue
        row = {"metric": metric.name, "values": {}, "differences": {}}
        row["values"] = {str(one.network.pk): value for one, value in zip(versions, own, strict=True) if one.network}
        rows.append(_compared(row, versions, ceilings))
    return rows


def _compared(row: Mapping[str, Any], versions: Sequence[ComparedRun], ceilings: Mapping[str, Any]) -> ComparedMetric:
    name = row["metric"]
    metric = next((one for one in METRICS if one.name == name and not row.get("of_texts")), None)
    people = row.get("people") or ceilings.get(name)

    def text(value: float | None) -> str:
        return metric.text(value) if metric else as_shown(name, value)

    def with_sign(value: float) -> str:
        if metric is None:
            return signed(name, value)
        shown = metric.text(abs(value))
        return f"{'−' if value < 0 else '+'}{shown}"

    def interval(found: Mapping[str, Any] | None, spell: Any) -> str:
        if not found or found["low"] is None or found["high"] is None:
            return ""
        return f"{spell(found['low'])} to {spell(found['high'])}"

    cells, n = [], 0
    for one in versions:
        assert one.network is not None
        value = row["values"][str(one.network.pk)]
        difference = row["differences"].get(str(one.network.pk))
        known = difference is not None and difference["value"] is not None
        low, high = (difference["low"], difference["high"]) if known else (None, None)
        cells.append(
            MetricCell(
                one.name,
                text(value["value"]),
                interval(value, text),
                with_sign(difference["value"]) if known else "",
                interval(difference, with_sign) if known else "",
                low is not None and high is not None and (low > 0 or high < 0),
            )
        )
        n = max(n, int(value["n"]))
    return ComparedMetric(
        name,
        metric.title if metric else name,
        metric.unit if metric else "",
        metric.meaning if metric else meaning_of(name),
        metric.direction if metric else str(DIRECTIONS.get(CAPTION_DIRECTIONS.get(name, ""), "")),
        cells,
        text(people["value"]) if people else "",
        interval(people, text),
        n,
    )
