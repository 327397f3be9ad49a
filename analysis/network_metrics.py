"""A network's measured numbers, put into rows for pages and for the terminal. What each means stands in METRICS."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.network_captions import meaning_of
from modelserve.options import PROMOTION_METRICS


@dataclass(frozen=True)
class Metric:
    """One number that a network is measured by. scale: what a value is multiplied by before `unit` is put behind it."""

    name: str
    title: str
    unit: str
    digits: int
    scale: float
    meaning: str
    is_of_captions: bool = False
    """Of the texts that a speaker writes: shown in a table of its own, and elsewhere only where it decides."""

    @property
    def smaller_is_better(self) -> bool:
        return PROMOTION_METRICS[self.name]

    @property
    def direction(self) -> str:
        return "smaller is better" if self.smaller_is_better else "greater is better"

    def text(self, value: float | None) -> str:
        return "–" if value is None else f"{value * self.scale:.{self.digits}f}"


METRICS = (
    Metric(
        "kl_divergence",
        "Kullback–Leibler divergence",
        "nats",
        3,
        1,
        "How far the network's distribution is from people's, mean over rows: 0 = the network answers as people did.",
    ),
    Metric(
        "majority_accuracy",
        "Majority hit",
        "%",
        1,
        100,
        "Of the rows where at least half of the people chose one emotion, more than any other: how often the network's "
        "likeliest is that one.",
    ),
    Metric(
        "polarity_accuracy",
        "Polarity hit",
        "%",
        1,
        100,
        "Of the same rows, where that emotion is positive or negative: how often the network leans to the same side.",
    ),
    Metric(
        "calibration_error",
        "Calibration error",
        "%",
        1,
        100,
        "How far the network's confidence is from how often it is right, in 15 bins.",
    ),
    Metric(
        "listener_accuracy",
        "Image found",
        "%",
        1,
        100,
        "How often the network finds the image that an explanation is about among 10 others, mean over 5 drawings of "
        "these; guessing finds 9.1 %.",
    ),
    Metric(
        "word_loss",
        "Surprise per word",
        "nats",
        3,
        1,
        "How little the network expects the words that people wrote, mean negative log-probability of a word; one that "
        "it does not know costs 9.2 more.",
    ),
    Metric("bleu_4", "BLEU-4", "%", 1, 100, meaning_of("BLEU"), is_of_captions=True),
    Metric("rouge_l", "ROUGE-L", "%", 1, 100, meaning_of("ROUGE-L"), is_of_captions=True),
    Metric("cider", "CIDEr", "of 10", 2, 1, meaning_of("CIDEr"), is_of_captions=True),
    Metric("emotion_alignment", "Emo-Alignment", "%", 1, 100, meaning_of("Emo-Alignment"), is_of_captions=True),
    Metric(
        "unique_productions", "Unique-Productions", "%", 1, 100, meaning_of("Unique-Productions"), is_of_captions=True
    ),
    Metric("found_by_listener", "Found of 11", "%", 1, 100, meaning_of("Found of 11"), is_of_captions=True),
    Metric(
        "mask_iou",
        "Overlap of masks (mIoU)",
        "%",
        1,
        100,
        "Of image and emotion where something stirs it: the area that both the network and people marked, as a share "
        "of the area that either marked; mean over pairs.",
    ),
    Metric(
        "mask_precision_25",
        "Found at overlap 25 %",
        "%",
        1,
        100,
        "Of the same pairs: the share whose overlap is at least 25 %.",
    ),
    Metric(
        "mask_precision_50",
        "Found at overlap 50 %",
        "%",
        1,
        100,
        "Of the same pairs: the share whose overlap is at least 50 %.",
    ),
)


@dataclass(frozen=True)
class MetricRow:
    """One metric of one network, ready to be shown, and of what it is compared with (may be empty).

    ceiling: what people reach for each other, where it can be said (`human_ceilings`).
    """

    metric: Metric
    value: str
    interval: str
    n: int
    other_value: str = ""
    other_interval: str = ""
    decides: bool = False
    ceiling: str = ""
    ceiling_interval: str = ""


def human_ceilings(estimates: Mapping[str, Mapping[str, Any]], reads: str) -> dict[str, dict[str, Any]]:
    """What people reach for each other, by the name of the metric it stands beside; {value, low, high}.

    estimates: the study's. Only for networks that look at the image, as people did: nobody was asked to tell a feeling
    from an explanation. The divergence is people's cross-entropy (each response against the shares of the others) less
    the entropy that no prediction can take away, where both are means over the same stimuli; without an interval, since
    it is a difference of two figures.
    """
    if reads != "image":
        return {}
    found: dict[str, dict[str, Any]] = {}
    accuracy = estimates.get("human_ceiling.accuracy_unique_half_or_more")
    if accuracy and accuracy["value"] is not None:
        found["majority_accuracy"] = {key: accuracy[key] for key in ("value", "low", "high")}
    cross, entropy = estimates.get("human_ceiling.cross_entropy_nats"), estimates.get("mean_entropy_nats")
    if cross and entropy and cross["n"] == entropy["n"] and None not in (cross["value"], entropy["value"]):
        found["kl_divergence"] = {"value": cross["value"] - entropy["value"], "low": None, "high": None}
    return found


def metric_rows(
    metrics: dict[str, Any],
    other: dict[str, Any] | None = None,
    *,
    decided_by: str = "",
    ceilings: Mapping[str, dict[str, Any]] | None = None,
) -> list[MetricRow]:
    """Every metric with its 95 % interval and the number of rows behind it, beside that of `other`."""
    rows = []
    for metric in METRICS:
        own, beside = metrics.get(metric.name), (other or {}).get(metric.name)
        ceiling = (ceilings or {}).get(metric.name)
        if own is None or (metric.is_of_captions and metric.name != decided_by):
            continue
        rows.append(
            MetricRow(
                metric=metric,
                value=metric.text(own["value"]),
                interval=_interval(metric, own),
                n=own["n"],
                other_value=metric.text(beside["value"]) if beside else "",
                other_interval=_interval(metric, beside) if beside else "",
                decides=metric.name == decided_by,
                ceiling=metric.text(ceiling["value"]) if ceiling else "",
                ceiling_interval=_interval(metric, ceiling) if ceiling else "",
            )
        )
    return rows


def _interval(metric: Metric, estimate: dict[str, Any]) -> str:
    if estimate["low"] is None or estimate["high"] is None:
        return ""
    return f"{metric.text(estimate['low'])} to {metric.text(estimate['high'])}"


def game_rows(metrics: dict[str, Any]) -> list[dict[str, str]]:
    """A listener's share of images found, by the number of others that it chose from; empty for other networks."""
    found = next(metric for metric in METRICS if metric.name == "listener_accuracy")
    return [
        {
            "others": others,
            "value": found.text(game["value"]),
            "interval": _interval(found, game),
            "chance": found.text(1 / (int(others) + 1)),
        }
        for others, game in metrics.get("games", {}).items()
    ]


@dataclass(frozen=True)
class RecallRow:
    """Of the rows whose majority is this label: how many there are, and which share the network calls so."""

    label: str
    name: str
    value: str
    interval: str
    n: int


def recall_rows(metrics: dict[str, Any], label_set: list[dict[str, Any]]) -> list[RecallRow]:
    """In the order of the label set."""
    percent, recalls = METRICS[1], metrics.get("per_class_recall", {})
    return [
        RecallRow(label, name, percent.text(recall["value"]), _interval(percent, recall), recall["n"])
        for label, name in _names(label_set).items()
        if (recall := recalls.get(label))
    ]


@dataclass(frozen=True)
class ConfusionCell:
    """How many rows, and which share of their row (None: an empty row). shade: the CSS class t0 to t10."""

    count: int
    percent: int | None
    shade: str
    is_hit: bool
    sentence: str


@dataclass(frozen=True)
class ConfusionRow:
    label: str
    name: str
    total: int
    cells: list[ConfusionCell]


@dataclass(frozen=True)
class ConfusionTable:
    """Rows: people's majority; columns: the network's likeliest label. n: rows of the test split behind it."""

    columns: list[tuple[str, str]]  # label id, name
    rows: list[ConfusionRow]
    n: int


def confusion_table(metrics: dict[str, Any], label_set: list[dict[str, Any]]) -> ConfusionTable | None:
    """None where nothing could be measured."""
    confusion = metrics.get("confusion")
    if not confusion or not confusion["n"]:
        return None
    names = _names(label_set)
    labels = [(label, names.get(label, label)) for label in confusion["labels"]]
    rows = []
    for place, (label, name) in enumerate(labels):
        counts, shares = confusion["counts"][place], confusion["shares"][place]
        cells = [
            ConfusionCell(
                count=count,
                percent=None if share is None else round(100 * share),
                shade=f"t{0 if share is None else round(10 * share)}",
                is_hit=place == column,
                sentence=f"{count} of {sum(counts)} whose majority is {name} taken for {labels[column][1]}",
            )
            for column, (count, share) in enumerate(zip(counts, shares, strict=True))
        ]
        rows.append(ConfusionRow(label, name, sum(counts), cells))
    return ConfusionTable(labels, rows, confusion["n"])


def _names(label_set: list[dict[str, Any]]) -> dict[str, str]:
    return {str(label["id"]): str(label.get("name") or label["id"]) for label in label_set}


def metric_lines(metrics: dict[str, Any]) -> list[str]:
    """The same for a terminal: one metric a line, with interval, n, and what the average of all answers would reach."""
    width = max(len(metric.title) for metric in METRICS)
    lines = [f"{'':<{width}}  {'network':>9}  {'95 % interval':<16}  {'average':>9}  {'n':>6}"]
    for row in metric_rows(metrics, metrics.get("baseline")):
        unit = row.metric.unit
        lines.append(
            f"{row.metric.title:<{width}}  {row.value:>9}  {row.interval:<16}  {row.other_value:>9}  {row.n:>6}  {unit}"
            f", {row.metric.direction}"
        )
    return lines
