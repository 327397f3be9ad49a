"""A speaker's texts as measured after its training, in the layout of Affection's table 2, for page, CSV and card."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from modelserve.evaluation.caption_names import LESS, LIKE_PEOPLE, MORE

AS_THEY_ARE = ("XENT", "okens", "CIDEr")
"""Parts of names of figures that are no shares; all others are shown times 100, as the paper does."""
DIRECTIONS = {MORE: _("more is better"), LESS: _("less is better"), LIKE_PEOPLE: _("near people's is better")}
MEANINGS = {
    "BLEU": _("Runs of words that people's texts about the image have as well."),
    "METEOR": _("Words that people's texts have as well, by form, stem or synonym."),
    "SPICE": _("Things, attributes and relations that people name as well."),
    "ROUGE-L": _("The longest run, with gaps, that it shares with a person's text."),
    "CIDEr": _("Telling words that it shares with people's texts, 0 to 10. Affection advises against it."),
    "CLIPScore": _("How well the text fits the image, by CLIP."),
    "RefCLIPScore": _("The same, together with how near it comes to a person's text."),
    "ClipDivCos": _("How alike its texts are to each other, by CLIP."),
    "Listener score": _("How well the text fits the image, by this study's listener: only comparable in this table."),
    "RefListener score": _("The same, together with how near it comes to a person's text."),
    "Listener DivCos": _("How alike its texts are to each other, by this study's listener."),
    "Unique-Productions": _("Different texts, of all its texts."),
    "Max-LCS": _("How much of a text can be read off one training text."),
    "Mean-LCS": _("The same, mean over all training texts."),
    "Similes": _("Texts with a comparison, such as 'looks like'."),
    "Emo-Alignment XENT": _("How far the emotion that a text network reads is from what people felt, in nats."),
    "Emo-Alignment": _("Texts in which a text network reads the emotion that most people felt."),
    "Mean length": _("Words in a text."),
    "Most common": _("How often it says what it says most."),
    "Distinct": _("Different words in all its texts together."),
    "Found of 11": _("How often a listener finds the image by the text among ten others."),
}


@dataclass(frozen=True)
class CaptionCell:
    """One figure of one column. is_best: of the variants, in the wanted direction."""

    heading: str
    value: str
    interval: str
    is_best: bool


@dataclass(frozen=True)
class CaptionRow:
    """One metric. note: why it has no figure, in its first line."""

    name: str
    meaning: str
    direction: str
    decides: bool
    note: str
    cells: list[CaptionCell]


@dataclass(frozen=True)
class DifferenceRow:
    """One metric's paired difference of one column from the plainest; certain: the interval leaves zero out."""

    of: str
    beside: str
    metric: str
    value: str
    interval: str
    certain: bool


@dataclass(frozen=True)
class CaptionPage:
    """The whole table of a version."""

    columns: list[str]
    rows: list[CaptionRow]
    missing: list[CaptionRow]
    differences: list[DifferenceRow]
    n_images: int
    n_test: int
    remarks: list[str]
    versions: dict[str, int]


def caption_page(metrics: Mapping[str, Any], decided_by: str = "") -> CaptionPage | None:
    """None where the texts were not measured. decided_by: the row's name by which a promotion was decided."""
    found = metrics.get("captions")
    if not found:
        return None
    titles = {column["name"]: column["title"] for column in found["columns"]}
    variants = [column["name"] for column in found["columns"] if column["kind"] == "variant"]
    rows: list[CaptionRow] = []
    missing: list[CaptionRow] = []
    for row in found["rows"]:
        best = _best(row, variants)
        cells = [
            CaptionCell(
                title, as_shown(row["metric"], row["cells"][name]["value"]), interval_of(row, name), name == best
            )
            for name, title in titles.items()
        ]
        one = CaptionRow(
            row["metric"],
            str(meaning_of(row["metric"])),
            str(DIRECTIONS.get(row["better"], "")),
            row["metric"] == decided_by,
            row["note"],
            cells,
        )
        (rows if any(cell["value"] is not None for cell in row["cells"].values()) else missing).append(one)
    return CaptionPage(
        list(titles.values()),
        rows,
        missing,
        _differences(found, titles),
        found["n_images"],
        found["n_test"],
        found["remarks"],
        found.get("versions", {}),
    )


def meaning_of(metric: str) -> str:
    """What the metric says, in a sentence; of the longest name that it begins with."""
    known = [name for name in MEANINGS if metric.startswith(name)]
    return str(MEANINGS[max(known, key=len)]) if known else ""


def as_shown(metric: str, value: float | None) -> str:
    """Times 100 with one digit, as the paper prints shares; others as they are."""
    if value is None:
        return "–"
    return f"{value:.2f}" if any(part in metric for part in AS_THEY_ARE) else f"{100 * value:.1f}"


def interval_of(row: Mapping[str, Any], column: str) -> str:
    """'low to high' of one cell; empty without an interval."""
    cell = row["cells"][column]
    if cell["low"] is None or cell["high"] is None:
        return ""
    return f"{as_shown(row['metric'], cell['low'])} to {as_shown(row['metric'], cell['high'])}"


CSV_COLUMNS = ["metric", "better", "column", "value", "low", "high", "n", "note"]


def caption_csv(metrics: Mapping[str, Any]) -> list[list[Any]]:
    """One line per metric and column, the numbers as they were stored."""
    found = metrics.get("captions") or {"rows": []}
    return [
        [row["metric"], row["better"], column, *(cell[key] for key in ("value", "low", "high", "n")), row["note"]]
        for row in found["rows"]
        for column, cell in row["cells"].items()
    ]


def _best(row: Mapping[str, Any], variants: list[str]) -> str:
    """The variant with the best figure; empty where there is one only, a tie, or no direction."""
    values = {name: row["cells"][name]["value"] for name in variants if row["cells"][name]["value"] is not None}
    if len(values) < 2 or row["better"] not in DIRECTIONS:
        return ""
    people = row["cells"]["people"]["value"]
    if row["better"] == LIKE_PEOPLE:
        if people is None:
            return ""
        values = {name: -abs(value - people) for name, value in values.items()}
    sign = -1 if row["better"] == LESS else 1
    ordered = sorted(values, key=lambda name: -sign * values[name])
    return "" if values[ordered[0]] == values[ordered[1]] else ordered[0]


def _differences(found: Mapping[str, Any], titles: Mapping[str, str]) -> list[DifferenceRow]:
    rows = []
    for one in found["differences"]:
        if one["value"] is None:
            continue
        low, high = one["low"], one["high"]
        known = low is not None and high is not None
        rows.append(
            DifferenceRow(
                titles[one["of"]],
                titles[one["beside"]],
                one["metric"],
                signed(one["metric"], one["value"]),
                f"{signed(one['metric'], low)} to {signed(one['metric'], high)}" if known else "",
                known and (low > 0 or high < 0),
            )
        )
    return rows


def signed(metric: str, value: float) -> str:
    """With its sign, and a minus that is not a hyphen."""
    shown = as_shown(metric, value)
    return f"−{shown.removeprefix('-')}" if value < 0 else f"+{shown}"
