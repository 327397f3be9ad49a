"""The figures of two sides beside each other, for the pages Groups and Compare."""

from collections.abc import Sequence
from typing import Any

from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later
from django.utils.translation import ngettext

from analysis.charts import Dot, ShareBar, dots, share_bars
from analysis.charts.marks import as_number, as_p, as_percent, signed_points
from analysis.explorer_links import TwoSides
from analysis.figures import Figure
from analysis.statistics.equivalence import CANNOT_TELL, DIFFER, DIFFER_LITTLE, SAME

VERDICTS = {
    DIFFER: later("they differ"),
    DIFFER_LITTLE: later("they differ, by less than would matter"),
    SAME: later("no difference worth naming"),
    CANNOT_TELL: later("cannot tell"),
}
#: The same beside a mark of a drawing, where a phone has room for a few words only.
_IN_SHORT = {
    DIFFER: later("differ"),
    DIFFER_LITTLE: later("differ a little"),
    SAME: later("none worth naming"),
    CANNOT_TELL: later("cannot tell"),
}
_COLOURS = ("series-1", "series-2")
LONGEST_SIDE = 13

LABEL_COLUMNS = ["label", "first", "second", "difference", "low", "high", "p_corrected", "p_equivalence_corrected",
                 "verdict", "first_low", "first_high", "second_low", "second_high"]  # fmt: skip
_ENDS = ("low", "high")


def between(row: dict[str, Any], write: Any = signed_points) -> str:
    """[low, high] of a difference or an estimate; empty where there is none."""
    return "" if row.get("low") is None else f"[{write(row['low'])}, {write(row['high'])}]"


def _reach(rows: Sequence[dict[str, Any]], least: float) -> float:
    ends = [abs(float(end)) for row in rows for end in (row["value"], row["low"], row["high"]) if end is not None]
    return max([*ends, least * 1.2])


def shares_figure(
    figure_id: str,
    labels: Sequence[dict[str, Any]],
    rows: Sequence[dict[str, Any]],
    sides: Sequence[str],
    source: str,
    *,
    leads_to: TwoSides | None,
) -> Figure:
    """Both sides' shares, a bar each. rows: per label, first and second (a number, or an estimate as a dict).

    leads_to: None where the labels are none of the study's own, which the explorer could filter by.
    """
    links = [leads_to.of_both(label["id"]) if leads_to else "" for label in labels]
    bars, table = [], []
    unchosen = 0
    for label, row in zip(labels, rows, strict=True):
        cells = [label["name"]]
        is_chosen = _is_chosen(row)
        unchosen += not is_chosen
        for side, name, css in zip(("first", "second"), sides, _COLOURS, strict=True):
            found = row[side] if isinstance(row[side], dict) else {"value": row[side], "low": None, "high": None}
            if is_chosen:
                ends = found["value"], found["low"], found["high"]
                href = leads_to.of(side, label["id"]) if leads_to else ""
                bars.append(ShareBar(f"{label['name']} · {_shortened(name)}", *ends, css, href=href))
            cells.append(as_percent(found["value"]))
        table.append(cells)
    title = _("What both chose")
    lead = _("Share of the answers that chose each label: %(first)s above, %(second)s below.") % {
        "first": sides[0],
        "second": sides[1],
    }
    if unchosen:
        lead += " " + ngettext(
            "%(n)s label that nobody chose is in the table only.",
            "%(n)s labels that nobody chose are in the table only.",
            unchosen,
        ) % {"n": unchosen}
    return Figure(
        id=figure_id,
        title=title,
        lead=lead,
        svg=mark_safe(share_bars(title, lead, bars)),  # noqa: S308 (our own drawing, every word escaped)
        columns=[_("Label"), *sides],
        rows=table,
        raw_columns=[],
        raw_rows=[],
        definition=_(
            "Share of a side's answers that chose the label. On images that both sides answered, the mean of each "
            "image's share, all weighing the same."
        ),
        source=source,
        css="half",
        links=links,
    )


def differences_figure(
    figure_id: str,
    labels: Sequence[dict[str, Any]],
    rows: Sequence[dict[str, Any]],
    sides: Sequence[str],
    *,
    margin: float,
    source: str,
    leads_to: TwoSides | None,
) -> Figure:
    """The differences with their 95 % intervals, what may be said of each, and both corrected p values."""
    drawn, table = [], []
    links = [leads_to.of_both(label["id"]) if leads_to else "" for label in labels]
    for label, row, link in zip(labels, rows, links, strict=True):
        words = VERDICTS[row["verdict"]] if not row["reason"] else _reason(row["reason"])
        if _is_chosen(row):
            drawn.append(
                Dot(
                    f"{label['name']}: {_IN_SHORT[row['verdict']]}",
                    row["value"],
                    row["low"],
                    row["high"],
                    signed_points(row["value"]),
                    reason=_reason(row["reason"] or ""),
                    css="series-1" if row["verdict"] != CANNOT_TELL else "series-3",
                    href=link,
                )
            )
        table.append(
            [
                label["name"],
                signed_points(row["value"]),
                between(row),
                as_p(row["p_corrected"]),
                as_p(row["p_equivalence_corrected"]),
                str(words),
            ]
        )
    reach = _reach(rows, margin)
    title = _("How far they differ")
    lead = _(
        "Percentage points, %(first)s minus %(second)s; the outer marks are the margin of ±%(margin)s within which no "
        "difference is worth naming."
    ) % {"first": sides[0], "second": sides[1], "margin": as_number(100 * margin, 1)}
    ticks = [(-reach, signed_points(-reach)), (-margin, ""), (0.0, "0"), (margin, ""), (reach, signed_points(reach))]
    return Figure(
        id=figure_id,
        title=title,
        lead=lead,
        svg=mark_safe(dots(title, lead, drawn, axis=(-reach, reach), ticks=ticks)),  # noqa: S308
        columns=[
            _("Label"),
            _("Difference (points)"),
            _("95 % interval"),
            _("p, none at all"),
            _("p, as large as the margin"),
            _("What may be said"),
        ],
        rows=table,
        raw_columns=[],
        raw_rows=[],
        definition=_(
            "The interval counts both who happened to answer and which images were asked: variance over images, plus "
            "what the habits of one person bring to different images (two-way clustering, Student's t). p values are "
            "corrected after Holm over all labels and pairs, those of 'none at all' and those of 'as large as the "
            "margin' (two one-sided tests) each for themselves. 'Cannot tell' means neither was shown: ask more people."
        ),
        source=source,
        css="half",
        links=links,
    )


def _shortened(name: str) -> str:
    """A side's name beside a bar, where a phone has room for little; the lead and the table have it whole."""
    return name if len(name) <= LONGEST_SIDE else f"{name[: LONGEST_SIDE - 1].rstrip()}…"


def _is_chosen(row: dict[str, Any]) -> bool:
    """Whether anybody on either side chose the label."""
    shares = [row[side]["value"] if isinstance(row[side], dict) else row[side] for side in ("first", "second")]
    return any(shares)


def _reason(reason: str) -> str:
    """The statistics' reasons in the words of the page; those that nobody has translated stay as they are."""
    return _(reason) if reason else ""


def sides_ends(row: dict[str, Any]) -> list[Any]:
    """Low and high of the first side, then of the second; None where a side has a number without an interval."""
    return [row[side][end] if isinstance(row[side], dict) else None for side in ("first", "second") for end in _ENDS]


def label_rows(labels: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]]) -> list[list[Any]]:
    """For a CSV: LABEL_COLUMNS."""
    table = []
    for label, row in zip(labels, rows, strict=True):
        sides = [row[side]["value"] if isinstance(row[side], dict) else row[side] for side in ("first", "second")]
        table.append(
            [
                label["id"],
                *sides,
                row["value"],
                row["low"],
                row["high"],
                row["p_corrected"],
                row["p_equivalence_corrected"],
                row["verdict"],
                *sides_ends(row),
            ]
        )
    return table
