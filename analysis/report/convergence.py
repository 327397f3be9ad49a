"""Would more responses change it, and how well do people tell each other's answers: two sections of the results."""

from analysis.charts.curves import CurveLine, Point, curves
from analysis.report.document import Column, Span, Text
from analysis.report.draft import Draft, estimate_of
from analysis.statistics import STATISTICS

_TITLES = {statistic.name: statistic.title for statistic in STATISTICS}
_CEILING = ("accuracy", "accuracy_half_or_more", "accuracy_strict_majority")
_INTERVAL = "Low and High: ends of the 95 % interval from resampled stimuli."
#: Drawn as lines. Majorities are not: with an even number half is easier to reach, so they go up and down.
_CURVES = (
    ("positive_and_negative", "Stimuli with a positive and a negative response", "series-2"),
    ("human_ceiling.accuracy", "Human ceiling: accuracy", "series-3"),
    ("reliability", "Reliability of the label shares", "series-4"),
)


def write_convergence(draft: Draft) -> None:
    found = draft.evidence.value("agreement", "curves")
    names = [(name, title, css) for name, title, css in _CURVES if name in found]
    ks = sorted({k for name, _, _ in names for k in found[name]["n_responses"]})
    if not ks:
        return
    draft.heading("Would more responses change it?")
    reliability = draft.evidence.estimate(
        "estimates", "reliability_of_all", what="reliability of all responses", of="reliability_of_all"
    )
    half = draft.evidence.estimate(
        "estimates", "split_half_reliability", what="split-half reliability", of="split_half_reliability"
    )
    draft.say(
        "Half of the responses to a stimulus tell the label shares of the other half with a reliability of ",
        half,
        "; all of them would tell those of as many other people with ",
        reliability,
        f". Table {draft.next_table} and Figure {draft.next_drawing} show how the figures would look had each stimulus "
        "fewer responses. Where a line still climbs at its end, more responses per stimulus would still change it.",
    )
    rows: list[list[Text]] = []
    for k in ks:
        row: list[Text] = [[str(k)]]
        for name, title, _ in names:
            at = found[name]["n_responses"]
            row.append(_point(draft, name, at.index(k), title) if k in at else ["–"])
        rows.append(row)
    draft.table(
        "Figures by the number of responses per stimulus.",
        [Column("Responses"), *(Column(title, 2) for _, title, _ in names)],
        rows,
        note="In brackets: 95 % intervals. All rows rest on the stimuli that have as many responses as the last.",
    )
    lines = [
        CurveLine(
            title,
            [
                Point(k, e["value"], e["low"], e["high"])
                for k, e in zip(found[name]["n_responses"], found[name]["estimates"], strict=True)
            ],
            css,
        )
        for name, title, css in names
    ]
    title = "Figures by the number of responses per stimulus"
    values = [v for line in lines for p in line.points for v in (p.low, p.value) if v is not None]
    bottom = 0.0 if min(values, default=0) >= 0 else -1.0
    ticks = [bottom, *([0.0] if bottom else []), 0.5, 1.0]
    svg = curves(
        title, "See the table before it.", lines, axis=(bottom, 1.0), ticks=ticks, below="responses per stimulus"
    )
    draft.drawing(f"{title}; upright lines are 95 % intervals.", svg)


def _point(draft: Draft, name: str, place: int, title: str) -> list[Span]:
    return draft.evidence.cell(
        "curves",
        name,
        "estimates",
        place,
        what=f"convergence: {title}",
        of="convergence",
        family=["curves", name, "estimates", "*"],
    )


def write_ceiling(draft: Draft) -> None:
    if estimate_of(draft, "human_ceiling.accuracy")["value"] is None:
        return
    draft.heading("How well people tell each other's answers")
    accuracy = draft.evidence.estimate(
        "estimates",
        "human_ceiling.accuracy",
        what="human ceiling: accuracy",
        form="percent",
        of="human_ceiling.accuracy",
    )
    draft.say(
        "Left out in turn, a response was the most frequent label of the other responses to its stimulus in ",
        accuracy,
        f" of the cases (Table {draft.next_table}). A network that is judged by people's responses to stimuli like "
        "these cannot be expected to do much better than this.",
    )
    rows: list[list[Text]] = []
    for name in (f"human_ceiling.{each}" for each in _CEILING):
        cells = draft.evidence.cells(
            "estimates", name, what=_TITLES[name].lower(), form="percent", of=name, family=["estimates", name]
        )
        rows.append([[_TITLES[name]], *cells])
    draft.table("The human ceiling.", ["Figure", "Value", "Low", "High"], rows, note=_INTERVAL)
