"""What the pages about networks show, gathered from the registry, the snapshots and the jobs."""

from dataclasses import dataclass, field, replace
from typing import Any

from django.urls import reverse
from django.utils.safestring import mark_safe

from analysis.attention import looked_words_of
from analysis.charts.loss_curve import EpochLoss, legend, loss_curve
from analysis.network_captions import CaptionPage, caption_page
from analysis.network_heads import HeadTable, SourceRow, head_tables, source_rows
from analysis.network_metrics import (
    METRICS,
    ConfusionTable,
    MetricRow,
    RecallRow,
    confusion_table,
    game_rows,
    human_ceilings,
    metric_rows,
    recall_rows,
)
from analysis.network_queries import retrain_policies
from analysis.queries import study_statistics
from analysis.retrain_policy import RetrainPolicy
from annotation.images import image_url
from annotation.models import SnapshotRecord, Study
from annotation.queries import snapshots_of
from modelserve.models import Network, Promotion, TrainingRun
from modelserve.options import TASKS, TaskKind, describe_options
from modelserve.queries import can_roll_back, networks_of, promotions_of, training_runs_of

VERSIONS_SHOWN = 50


@dataclass(frozen=True)
class LearnedFrom:
    """The snapshot that a network learned from. record: None if the study was deleted and brought back since."""

    snapshot_id: str
    record: SnapshotRecord | None

    @property
    def n_simulated(self) -> int:
        return self.record.n_simulated if self.record else 0

    @property
    def is_simulated(self) -> bool:
        return self.n_simulated > 0

    @property
    def sentence(self) -> str:
        """What it learned from, simulated responses named first, since they are no people."""
        if self.record is None:
            return f"Learned from snapshot {self.snapshot_id[:12]}"
        if self.n_simulated == self.record.n_responses:
            return f"Learned from {self.n_simulated:,} simulated responses, none of them a person's"
        if self.n_simulated:
            return f"Learned from {self.record.n_responses:,} responses, {self.n_simulated:,} of them simulated"
        return f"Learned from {self.record.n_responses:,} responses"


@dataclass(frozen=True)
class VersionRow:
    """One version in the list of its task."""

    network: Network
    learned_from: LearnedFrom
    headline: list[MetricRow]


@dataclass(frozen=True)
class TaskSection:
    """Everything about one task of a study."""

    task: TaskKind
    served: VersionRow | None
    promotion: Promotion | None
    can_roll_back: bool
    versions: list[VersionRow]
    policy: RetrainPolicy | None


def task_sections(study: Study) -> list[TaskSection]:
    """One per task, trained or not."""
    snapshots, policies = snapshots_of(study), retrain_policies(study)
    statistics = study_statistics(study.pk)
    sections = []
    for task in TASKS.values():
        ceilings = human_ceilings(statistics.estimates, task.reads) if statistics else {}
        versions = [
            VersionRow(
                network,
                LearnedFrom(network.snapshot_id, snapshots.get(network.snapshot_id)),
                metric_rows(network.metrics, ceilings=ceilings),
            )
            for network in networks_of(study.slug, task.name)[:VERSIONS_SHOWN]
        ]
        served = next((row for row in versions if row.network.is_promoted), None)
        sections.append(
            TaskSection(
                task=task,
                served=served,
                promotion=_promotion_of(study, served.network) if served else None,
                can_roll_back=can_roll_back(study.slug, task.name),
                versions=versions,
                policy=policies.get(task.name),
            )
        )
    return sections


def _promotion_of(study: Study, network: Network) -> Promotion | None:
    return promotions_of(study.slug, network.task).filter(network=network, taken_back_at__isnull=True).first()


@dataclass(frozen=True)
class Setting:
    """One option of a run, with what it means."""

    name: str
    value: Any
    meaning: str
    is_default: bool


@dataclass(frozen=True)
class RunPage:
    """One training: its curve, and the version it brought, if any."""

    run: TrainingRun
    task: TaskKind
    learned_from: LearnedFrom
    settings: list[Setting]
    network: Network | None = None
    figure: dict[str, Any] | None = None
    metrics: list[MetricRow] = field(default_factory=list)
    comparison: list[MetricRow] = field(default_factory=list)
    confusion: ConfusionTable | None = None
    recalls: list[RecallRow] = field(default_factory=list)
    games: list[dict[str, str]] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    heads: list[HeadTable] = field(default_factory=list)
    sources: list[SourceRow] = field(default_factory=list)
    captions: CaptionPage | None = None
    changed: str = ""

    @property
    def baseline_name(self) -> str:
        """What stands beside the network's own numbers."""
        names = {"score": "Guessing", "explanation": "Frequent words", "mask": "One mask for all"}
        return names.get(self.task.answers, "Average of all")

    @property
    def promote_by(self) -> str:
        """The metric by which a promotion is decided, by its title."""
        return next(metric.title for metric in METRICS if metric.name == self.run.options["promote_by"])


def run_page(study: Study, run: TrainingRun) -> RunPage:
    network: Network | None = getattr(run, "network", None)
    record = snapshots_of(study).get(run.snapshot_id)
    best_epoch = network.metrics.get("best_epoch") if network else None
    page = RunPage(
        run=run,
        task=TASKS[run.task],
        learned_from=LearnedFrom(run.snapshot_id, record),
        settings=_settings(run),
        figure=curve_figure(study, run, best_epoch) if run.curve else None,
        changed=_changed(study, run, record),
    )
    if network is None:
        return page
    metrics, compared = network.metrics, network.comparison
    statistics = study_statistics(study.pk)
    ceilings = human_ceilings(statistics.estimates, page.task.reads) if statistics else {}
    return replace(
        page,
        network=network,
        metrics=metric_rows(metrics, metrics.get("baseline"), decided_by=run.options["promote_by"], ceilings=ceilings),
        comparison=metric_rows(compared.get("new", {}), compared.get("served"), decided_by=compared.get("metric", "")),
        confusion=confusion_table(metrics, network.label_set),
        recalls=recall_rows(metrics, network.label_set),
        games=game_rows(metrics),
        texts=_texts(study, metrics.get("texts", [])),
        heads=head_tables(metrics),
        sources=source_rows(metrics),
        captions=caption_page(metrics, decided_by=page.promote_by),
    )


def _texts(study: Study, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What it writes about test images, each text with where it looked, and the address of the picture."""
    return [
        {
            **row,
            "picture": image_url(study.pk, row["image_sha256"], "320") if row.get("image_sha256") else "",
            "texts": [{**text, "looked_words": looked_words_of(text)} for text in row["texts"]],
        }
        for row in rows
    ]


def _changed(study: Study, run: TrainingRun, record: SnapshotRecord | None) -> str:
    """How the data differ from those of the run of this task before it, in words; empty where there was none."""
    before = training_runs_of(study.slug, run.task).filter(pk__lt=run.pk).order_by("-pk").first()
    if before is None:
        return ""
    if before.snapshot_id == run.snapshot_id:
        return f"The very same data as in run {before.pk}"
    earlier = snapshots_of(study).get(before.snapshot_id)
    if record is None or earlier is None:
        return f"Other data than in run {before.pk}"
    parts = [
        f"{now - then:+,} {words}".replace("-", "−")
        for words, now, then in (
            ("responses", record.n_responses, earlier.n_responses),
            ("simulated", record.n_simulated, earlier.n_simulated),
            ("images", record.n_stimuli, earlier.n_stimuli),
            ("people", record.n_annotators, earlier.n_annotators),
        )
        if now != then
    ]
    return f"{', '.join(parts) or 'as many answers, not all the same'}, since run {before.pk}"


CURVE_COLUMNS = ["epoch", "train_loss", "validation_loss", "learning_rate"]


def curve_figure(study: Study, run: TrainingRun, best_epoch: int | None = None) -> dict[str, Any]:
    """The loss so far, for templates/_figure.html. best_epoch: the one that was kept; by default the best so far."""
    curve = [EpochLoss(int(row["epoch"]), row["train_loss"], row["validation_loss"]) for row in run.curve]
    last, best = curve[-1], min(curve, key=lambda point: point.validation)
    kept = next((point for point in curve if point.epoch == best_epoch), best)
    n = f"{len(curve)} {'epoch' if len(curve) == 1 else 'epochs'}"
    lead = (
        f"After {n}: {last.train:.3f} on what it learns from, {last.validation:.3f} on what is held out; there the "
        f"best was {kept.validation:.3f}, in epoch {kept.epoch}."
    )
    drawing = loss_curve("Loss by epoch", lead, curve, best_epoch=kept.epoch)
    return {
        "id": "loss",
        "title": "Loss by epoch",
        "lead": lead,
        "svg": mark_safe(legend() + drawing),  # noqa: S308  # numbers and our own words
        "columns": ["Epoch", "Learned from", "Held out", "Learning rate"],
        "rows": [
            [point.epoch, f"{point.train:.4f}", f"{point.validation:.4f}", f"{row['learning_rate']:.2g}"]
            for point, row in zip(curve, run.curve, strict=True)
        ],
        "csv_url": reverse("training_curve_csv", args=[study.slug, run.pk]),
        "definition": (
            "What the training makes small, mean over rows: for images the Kullback–Leibler divergence from people's "
            "distribution to the network's (and, where it has heads for numbers, their squared error), for "
            "explanations the cross-entropy of the emotion that was chosen. Held "
            "out are the validation stimuli: nothing is learned from them; the training ends when they get no better, "
            "and keeps the best epoch, marked by the broken line."
        ),
    }


def _settings(run: TrainingRun) -> list[Setting]:
    known = {row["name"]: row for row in describe_options(run.task)}
    rows = [
        Setting(name, run.options[name], row["meaning"], run.options[name] == row["default"])
        for name, row in known.items()
        if name in run.options
    ]
    # what somebody chose is what the next reader looks for
    return sorted(rows, key=lambda setting: setting.is_default)
