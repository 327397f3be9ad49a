"""The section on what people wrote: how long, in which mood, and the words that mark each label."""

from typing import Any

from analysis.report.document import Column, Span, Text
from analysis.report.draft import Draft, joined
from analysis.report.evidence import with_ends

N_MARKING = 5
#: measure of the words analysis, its heading, and how its number is written
_PER_LABEL = (("n_words", "Words", "number1"), ("sentiment", "Sentiment", "number2"), ("similes", "Similes", "percent"))
_LEXICONS = {"concreteness": "concreteness", "affect": "valence, arousal and dominance"}


def write_explanations(draft: Draft) -> None:
    if not draft.evidence.has("words") or not draft.evidence.value("words", "n_texts"):
        return
    draft.heading("What people wrote")
    cell = ("cells", "|")
    measure = _measure(draft)
    draft.say(
        _count(draft, "n_texts", what="texts"),
        " explanations hold ",
        _count(draft, *cell, "n_words", what="words of all texts"),
        " words, ",
        _count(draft, *cell, "vocabulary", what="different words"),
        " of them different. A text has ",
        measure(cell, "n_words", "words per text", "number1"),
        " words on average; ",
        measure(cell, "similes", "share of texts with a simile", "percent"),
        " of the texts hold one of the 13 phrases that stand for a simile. By VADER ",
        measure(cell, "sentiment_positive", "share of positive texts", "percent"),
        " are positive, ",
        measure(cell, "sentiment_neutral", "share of neutral texts", "percent"),
        " neutral and ",
        measure(cell, "sentiment_negative", "share of negative texts", "percent"),
        " negative; their mean subjectivity (TextBlob) is ",
        measure(cell, "subjectivity", "mean subjectivity", "number2"),
        ". Lexicons read words and not people: an ironic text counts as what its words say.",
    )
    absent = [
        words for name, words in _LEXICONS.items() if draft.evidence.value("words", "lexicons", name, "state") != "used"
    ]
    if absent:
        draft.say(
            f"Figures of {' and of '.join(absent)} are not given: their word lists may not be passed on, and this "
            "installation has no copy of its own."
        )
    _per_label(draft)


def _per_label(draft: Draft) -> None:
    labels = draft.evidence.value("words", "labels")
    cells, marking = draft.evidence.value("words", "cells"), draft.evidence.value("words", "marking").get("", {})
    measure = _measure(draft, is_short=True)
    rows: list[list[Text]] = []
    for label in labels:
        key = f"|{label['id']}"
        if key not in cells:
            continue
        words = [[each["word"]] for each in marking.get(label["id"], [])[:N_MARKING]]
        n = draft.evidence.number(
            "words", "cells", key, "n_texts", what="texts per label", family=["cells", "|*", "n_texts"]
        )
        figures = [
            measure(("cells", key), name, f"{title.lower()}, per label", form) for name, title, form in _PER_LABEL
        ]
        rows.append([[label["name"]], [n], *figures, joined(words, ", ") or ["–"]])
    if not rows:
        return
    draft.table(
        "What people wrote, by what they felt.",
        [
            Column("Label", 1.6),
            Column("Texts", 0.8),
            *(Column(title, 2.1) for _, title, _ in _PER_LABEL),
            Column("Words that mark it", 3.2, has_words=True),
        ],
        rows,
        note="In brackets: 95 % intervals. Sentiment: VADER, from -1 to 1. Similes: share of texts. Marking words: "
        "those with the largest weighted log-odds against all other labels (Monroe, Colaresi and Quinn 2008).",
    )


def _count(draft: Draft, *path: str, what: str) -> Span:
    return draft.evidence.number("words", *path, what=what)


def _measure(draft: Draft, *, is_short: bool = False) -> Any:
    """A mean with its interval out of [value, low, high, ...]: in words, or in brackets for a table."""

    def told(cell: tuple[str, ...], name: str, what: str, form: str) -> list[Span]:
        path = [*cell, "measures", name]
        family = [cell[0], "|*" if is_short else cell[1], "measures", name, "*"]
        numbers = draft.evidence.value("words", *path[:-1]).get(name)
        if not numbers or numbers[0] is None:
            return ["–"]
        value, low, high = (
            draft.evidence.number("words", *path, place, what=what, form=form, family=family) for place in range(3)
        )
        if numbers[1] is None or numbers[2] is None:
            return [value]
        return with_ends(value, low, high) if is_short else [value, " (", low, " to ", high, ")"]

    return told
