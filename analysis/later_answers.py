"""What people answered after the first text was, or would have been, shown to them: out of a frozen study."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.language.similarity import tf_idf
from annotation.machine_texts.queries import Turn
from snapshots.cleaning import tokens_of
from snapshots.reader import Snapshot

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class LaterAnswers:
    """One entry per accepted answer that came after its person's first turn.

    people: pseudonyms, ascending; is_shown: (n_people,) their side. person, label: indexes, label -1 where none was
    given; n_words, seconds: NaN where there is no text step, or no time was measured; with_others: the share of the
    others at the image who chose the same label, NaN without others; words, about: her tokens, and (stimulus, label).
    """

    people: list[str]
    is_shown: NDArray[np.bool_]
    labels: list[dict[str, Any]]
    person: NDArray[np.int64]
    label: NDArray[np.int64]
    n_words: Numbers
    seconds: Numbers
    with_others: Numbers
    words: list[list[str]]
    about: list[tuple[str, str]]


@dataclass
class _Rows:
    person: list[int] = field(default_factory=list)
    label: list[int] = field(default_factory=list)
    n_words: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    words: list[list[str]] = field(default_factory=list)
    about: list[tuple[str, str]] = field(default_factory=list)


def later_answers(snapshot: Snapshot, turns: Sequence[Turn]) -> LaterAnswers:
    """Every person with a turn; of the two sides the same is taken, so that nothing but the lot tells them apart.

    Raises SnapshotError where the study has no step with labels.
    """
    first: dict[str, datetime] = {}
    shown: dict[str, bool] = {}
    for turn in turns:
        first[turn.annotator] = min(first.get(turn.annotator, turn.shown_at), turn.shown_at)
        shown[turn.annotator] = turn.is_shown
    people = sorted(first)
    place = {pseudonym: at for at, pseudonym in enumerate(people)}
    # the step that agreement is computed on: the first with a label set
    step = next((one["name"] for one in snapshot.study["steps"] if one["name"] in snapshot.study["label_sets"]), None)
    step = str(step) if step else snapshot.step_named_by_kind("choice")
    text = next((str(one["name"]) for one in snapshot.study["steps"] if one["kind"] == "text"), None)
    labels = snapshot.label_set(step)
    label_place = {str(label["id"]): at for at, label in enumerate(labels)}
    columns = ["stimulus_key", "annotator", step, "created_at", "duration_ms", *([text] if text else [])]
    chosen: dict[str, Counter[str]] = defaultdict(Counter)
    rows = _Rows()
    for batch in snapshot.responses(columns, accepted_only=True):
        for row in batch.to_pylist():
            if row[step] is not None:
                chosen[row["stimulus_key"]][row[step]] += 1
            person = row["annotator"]
            if person not in first or row["created_at"] <= first[person]:
                continue
            tokens = tokens_of(row[text] or "") if text else []
            rows.person.append(place[person])
            rows.label.append(label_place.get(row[step], -1))
            rows.n_words.append(float(len(tokens)) if text else np.nan)
            duration = row["duration_ms"]
            rows.seconds.append(duration / 1000 if duration else np.nan)
            rows.words.append(tokens)
            rows.about.append((row["stimulus_key"], row[step] or ""))
    return LaterAnswers(
        people=people,
        is_shown=np.array([shown[pseudonym] for pseudonym in people], dtype=bool),
        labels=labels,
        person=np.array(rows.person, dtype=np.int64),
        label=np.array(rows.label, dtype=np.int64),
        n_words=np.array(rows.n_words, dtype=np.float64),
        seconds=np.array(rows.seconds, dtype=np.float64),
        with_others=np.array([_with_others(chosen[key], label) for key, label in rows.about], dtype=np.float64),
        words=rows.words,
        about=rows.about,
    )


def _with_others(chosen: Counter[str], own: str) -> float:
    """The share of the others' answers that are the own one; her own is among `chosen` and is taken out."""
    n = chosen.total() - 1
    return (chosen[own] - 1) / n if own and n > 0 else np.nan


def likeness(answers: LaterAnswers, texts: Mapping[tuple[str, str], str]) -> Numbers:
    """(n_answers,) cosine of each answer's words with the network's about the same image and label, by TF-IDF of all
    these texts together; NaN where there is no text of either. 0 no word in common, 1 the same words as often."""
    found = np.full(len(answers.person), np.nan)
    rows = [at for at, about in enumerate(answers.about) if answers.words[at] and tokens_of(texts.get(about, ""))]
    if not rows:
        return found
    documents = [answers.words[at] for at in rows] + [tokens_of(texts[answers.about[at]]) for at in rows]
    number_of: dict[str, int] = {}
    ids = np.array([number_of.setdefault(word, len(number_of)) for words in documents for word in words])
    offsets = np.concatenate([[0], np.cumsum([len(words) for words in documents])])
    table = tf_idf(ids, offsets, len(number_of))
    mine, theirs = table[: len(rows)], table[len(rows) :]
    found[rows] = np.asarray(mine.multiply(theirs).sum(axis=1)).reshape(-1)
    return found
