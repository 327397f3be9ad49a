"""What a network says beside the emotions, for pages and terminal: its numbers, how good they are, and its sources."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class HeadMetric:
    """One way to measure a number that a network gives stimuli."""

    name: str
    title: str
    meaning: str


HEAD_METRICS = (
    HeadMetric(
        "pearson",
        "Pearson's correlation",
        "How far its numbers rise in a straight line with people's. Greater is better.",
    ),
    HeadMetric("spearman", "Spearman's correlation", "How far it puts images into people's order. Greater is better."),
    HeadMetric(
        "concordance",
        "Lin's concordance",
        "How far its numbers are people's own: a wrong level or span lowers it. Greater is better.",
    ),
    HeadMetric(
        "mean_absolute_error",
        "Mean absolute error",
        "How far its number is from people's, in the unit of the scale. Smaller is better.",
    ),
)


@dataclass(frozen=True)
class HeadRow:
    """One measure of one head. ceiling: the most that any network can reach on people's means; may be empty."""

    title: str
    meaning: str
    value: str
    interval: str
    baseline: str
    ceiling: str
    ceiling_interval: str
    n: int


@dataclass(frozen=True)
class HeadTable:
    """One head: its name, where its numbers come from, how reliable these are (may be empty), its measures."""

    name: str
    origin: str
    reliability: str
    rows: list[HeadRow]


def head_tables(metrics: Mapping[str, Any]) -> list[HeadTable]:
    """In the order in which the heads were asked for; empty for a network without heads."""
    return [
        HeadTable(name, found["origin"], _with_interval(found["reliability"]), _rows(found))
        for name, found in metrics.get("heads", {}).items()
    ]


def _rows(found: Mapping[str, Any]) -> list[HeadRow]:
    rows = []
    for metric in HEAD_METRICS:
        own = found[metric.name]
        ceiling = found["ceiling"].get(metric.name)
        rows.append(
            HeadRow(
                title=metric.title,
                meaning=metric.meaning,
                value=number(own["value"]),
                interval=_interval(own),
                baseline=number(found["baseline"].get(metric.name, {}).get("value")),
                ceiling=number(ceiling["value"]) if ceiling else "",
                ceiling_interval=_interval(ceiling) if ceiling else "",
                n=own["n"],
            )
        )
    return rows


@dataclass(frozen=True)
class SourceRow:
    """A source of images: the divergence from people with the source's own head, and with the one that all share."""

    source: str
    own: str
    shared: str
    n: int


def source_rows(metrics: Mapping[str, Any]) -> list[SourceRow]:
    """Empty where the sources have no heads of their own."""
    return [
        SourceRow(source, _with_interval(found["own"], 3), _with_interval(found["shared"], 3), found["n_stimuli"])
        for source, found in metrics.get("sources", {}).items()
    ]


def head_lines(metrics: Mapping[str, Any]) -> list[str]:
    """The same for a terminal: one measure a line."""
    lines = []
    for table in head_tables(metrics):
        lines.append(
            f"{table.name}: {table.origin}" + (f", reliability {table.reliability}" if table.reliability else "")
        )
        for row in table.rows:
            best = f", at best {row.ceiling}" if row.ceiling else ""
            usual = f", the average of all {row.baseline}" if row.baseline != "–" else ""
            lines.append(f"  {row.title:<24} {row.value:>7}  {row.interval:<16} n {row.n}{usual}{best}")
    for source in source_rows(metrics):
        lines.append(f"source {source.source}: {source.own} nats; with the shared head {source.shared}; n {source.n}")
    return lines


def number(value: float | None, digits: int = 2) -> str:
    """A dash where there is none; a true minus sign."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def _interval(estimate: Mapping[str, Any], digits: int = 2) -> str:
    if estimate["low"] is None or estimate["high"] is None:
        return ""
    return f"{number(estimate['low'], digits)} to {number(estimate['high'], digits)}"


def _with_interval(estimate: Mapping[str, Any], digits: int = 2) -> str:
    if not estimate or estimate["value"] is None:
        return ""
    interval = _interval(estimate, digits)
    return number(estimate["value"], digits) + (f" ({interval})" if interval else "")
