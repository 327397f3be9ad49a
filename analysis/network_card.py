"""A network's card: what it is, what it learned from, how good it is and for whom, in Markdown."""

from typing import Any

from analysis.network_metrics import MetricRow
from analysis.network_pages import RunPage
from annotation.models import Study

_USE = {
    "distribution": "It says how many people like those of this study would feel what about an image, or from a text.",
    "score": "It says how well a text fits an image, for finding images and for choosing among texts.",
    "explanation": "It writes why somebody could feel something about an image. What it writes is machine-written.",
    "mask": "It marks what in an image may stir an emotion, and writes why. Both are machine-made.",
}
_LIMITS = (
    "It learned from the people of this study alone, in the languages and with the labels they were offered; it says "
    "nothing about one person, and nothing about what an image shows. Where people are split, its most likely answer "
    "is one feeling among several. Do not use it to judge people."
)


def network_card(study: Study, page: RunPage) -> str:
    """Markdown, the same for the same version. The page must have a network.

    Source of the headings: Mitchell et al. (2019), Model Cards for Model Reporting, sec. 4.
    """
    network = page.network
    assert network is not None
    record = page.learned_from.record
    split = network.metrics.get("split", {})
    lines = [
        f"# {page.task.title}, version {network.version}",
        "",
        f"Study: {_plain(study.title)}. Made {network.created_at:%Y-%m-%d %H:%M} UTC by run {page.run.pk}.",
        "",
        "## Use and limits",
        "",
        _USE.get(page.task.answers, _USE["distribution"]),
        "",
        _LIMITS,
        "",
        "## Data",
        "",
        f"- Snapshot: `{network.snapshot_id}`",
        f"- {page.learned_from.sentence}.",
        *([f"- Images: {record.n_stimuli:,}; people: {record.n_annotators:,}."] if record else []),
        *[f"- {part}: {numbers['stimuli']:,} stimuli" for part, numbers in split.items() if "stimuli" in numbers],
        f"- Labels: {', '.join(_plain(str(label.get('name') or label['id'])) for label in network.label_set)}",
        *(["- **People have taken answers back that it learned from.**"] if network.learned_from_withdrawn else []),
        "",
        "## Measured on stimuli that it did not learn from",
        "",
        f"| measure | this version | 95 % interval | {page.baseline_name.lower()} | people | n |",
        "|---|---|---|---|---|---|",
        *[_row(row) for row in page.metrics],
        "",
        *_heads(page),
        *[f"> {_plain(str(note))}\n" for note in network.metrics.get("notes", [])],
        *_captions(page),
        "## How it learned",
        "",
        f"- Seed: {network.seed}; program: `{network.code_version}`",
        f"- Epochs: {network.metrics.get('epochs')}, the best was {network.metrics.get('best_epoch')}; "
        f"device: {network.metrics.get('device')}",
        *[f"- `{setting.name}` = {_value(setting.value)}" for setting in page.settings],
        "",
    ]
    return "\n".join(lines)


def _captions(page: RunPage) -> list[str]:
    """The table of its texts, metrics in rows; nothing for other networks."""
    found = page.captions
    if found is None:
        return []
    heads = ["measure", *(column.lower() for column in found.columns)]
    return [
        f"## What it writes, about {found.n_images:,} of {found.n_test:,} test images",
        "",
        "Shares are times 100; in brackets the 95 % interval.",
        "",
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
        *[
            f"| {' | '.join([row.name, *(_with_interval(cell.value, cell.interval) for cell in row.cells)])} |"
            for row in found.rows
        ],
        "",
        *[f"> {remark}\n" for remark in found.remarks],
        *([f"Not measured here: {', '.join(row.name for row in found.missing)}.", ""] if found.missing else []),
    ]


def _with_interval(value: str, interval: str) -> str:
    return f"{value} ({interval})" if interval else value


def _row(row: MetricRow) -> str:
    unit = f" {row.metric.unit}" if row.metric.unit else ""
    cells = [row.metric.title, f"{row.value}{unit}", row.interval, row.other_value, row.ceiling, f"{row.n:,}"]
    return f"| {' | '.join(cell or '–' for cell in cells)} |"


def _heads(page: RunPage) -> list[str]:
    """What it says beside the emotions, and how well; nothing where it has no heads."""
    if not page.heads:
        return []
    lines = [
        "| number | measure | this version | 95 % interval | average of all | at best | n |",
        "|---|---|---|---|---|---|---|",
    ]
    for table in page.heads:
        for row in table.rows:
            cells = [_plain(table.name), row.title, row.value, row.interval, row.baseline, row.ceiling, f"{row.n:,}"]
            lines.append(f"| {' | '.join(cell or '–' for cell in cells)} |")
    return [*lines, ""]


def _plain(text: str) -> str:
    """Words of people in Markdown: no line of theirs becomes a heading, a table or a link."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#|!" else sign for sign in " ".join(text.split()))


def _value(value: Any) -> str:
    return f"`{value}`" if isinstance(value, str) else str(value)
