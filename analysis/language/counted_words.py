"""Which words, pairs and things stand out in a study's explanations, with the images behind them: plain JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.language.adjective_nouns import adjective_nouns
from analysis.language.behind import Behind, behind
from analysis.language.marking_words import MarkingWords, marking_words
from analysis.language.named_things import described_things, is_thing, named_things, one_form
from analysis.language.study_texts import StudyTexts
from analysis.statistics.clustered_means import clustered_means

MOST_WORDS, MOST_WORDS_OF_SOURCE = 20, 12
FEWEST_USES = 5
FEWEST_PEOPLE = 3
SURE_Z = 1.96


def marking(study: StudyTexts) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Per source ('' = all) and emotion: the words that mark it, the surest first.

    A word is told if it is used five times in that part of the study, three people of the emotion use it, and its z is
    above 1.96. A study with fewer than two emotions has none.
    """
    if study.n_labels < 2:
        return {}
    words = study.texts.words
    speaks = np.fromiter((len(word) > 1 and not word.isdigit() for word in words), bool, count=len(words))
    parts: dict[str, _Marking] = {}
    for source, place in [("", None), *((name, place) for place, name in enumerate(study.sources))]:
        if place is not None and len(study.sources) < 2:
            continue
        counts = study.word_counts.sum(axis=0) if place is None else study.word_counts[place]
        counts = counts[:-1]
        z = marking_words(counts)
        usable = speaks & (counts.sum(axis=0) >= FEWEST_USES)
        score = np.where(usable[None, :] & (counts > 0) & (z.z > SURE_Z), z.z, -np.inf)
        most = MOST_WORDS if place is None else MOST_WORDS_OF_SOURCE
        # twice as many as are told, since some are the words of one or two people
        candidates = _largest(score, 2 * most)
        items = [
            (label, int(word))
            for label, row in enumerate(candidates)
            for word in row
            if np.isfinite(score[label, word])
        ]
        parts[source] = _Marking(place, most, counts, z, items)
    uses = _Uses(study, {word for part in parts.values() for _, word in part.items})
    return {source: _told(study, part, uses) for source, part in parts.items()}


@dataclass(frozen=True)
class _Marking:
    """What may mark the emotions of one source (None = of all): (emotion, word) pairs, each emotion's surest first."""

    source: int | None
    most: int
    counts: NDArray[np.int64]
    z: MarkingWords
    items: list[tuple[int, int]]


def _told(study: StudyTexts, part: _Marking, uses: "_Uses") -> dict[str, list[dict[str, Any]]]:
    images = uses.behind(part.items, part.source)
    found: dict[str, list[dict[str, Any]]] = {label["id"]: [] for label in study.labels}
    for number, (label, word) in enumerate(part.items):
        rows = found[study.labels[label]["id"]]
        if images.n_people[number] < FEWEST_PEOPLE or len(rows) == part.most:
            continue
        rows.append(
            {
                "word": study.texts.words[word],
                "z": round(float(part.z.z[label, word]), 2),
                "log_odds": round(float(part.z.log_odds[label, word]), 3),
                "n": int(part.counts[label, word]),
                "n_elsewhere": int(part.counts[:, word].sum() - part.counts[label, word]),
                "n_people": int(images.n_people[number]),
                "n_images": int(images.n_images[number]),
                "images": images.images[number],
            }
        )
    return found


def _largest(score: NDArray[np.float64], most: int) -> list[NDArray[np.intp]]:
    """Of each row the places of its largest finite values, falling; of equal ones the first."""
    found = []
    for row in score:
        finite = np.flatnonzero(np.isfinite(row))
        found.append(finite[np.argsort(-row[finite], kind="stable")[:most]])
    return found


def pairs(study: StudyTexts) -> dict[str, list[dict[str, Any]]]:
    """Per emotion ('' = all): adjective-noun pairs; of all the most frequent, of an emotion those that mark it."""
    found = adjective_nouns(study.texts)
    n_pairs, width = len(found.pairs), study.n_labels + 1
    if not n_pairs:
        return {"": []}
    emotion = study.emotion[found.text]
    counts = np.bincount(emotion * n_pairs + found.pair, minlength=width * n_pairs).reshape(width, n_pairs)
    total = counts.sum(axis=0)
    z = marking_words(counts[:-1]).z if study.n_labels > 1 else np.zeros((0, n_pairs))
    lists: dict[str, list[int]] = {"": [int(place) for place in np.argsort(-total, kind="stable")[: 2 * MOST_WORDS]]}
    for label, row in enumerate(z):
        score = np.where((total >= FEWEST_USES) & (counts[label] > 0) & (row > SURE_Z), row, -np.inf)
        order = np.argsort(-score, kind="stable")[: 2 * MOST_WORDS]
        lists[study.labels[label]["id"]] = [int(place) for place in order if np.isfinite(score[place])]
    label_place = {label["id"]: place for place, label in enumerate(study.labels)}
    result = {}
    for name, chosen in lists.items():
        place_of = np.full(n_pairs, -1)
        place_of[chosen] = np.arange(len(chosen))
        mine = place_of[found.pair] >= 0
        if name:
            mine &= emotion == label_place[name]
        text = found.text[mine]
        images = behind(place_of[found.pair[mine]], study.image[text], study.person[text], len(chosen))
        rows = [
            {
                "pair": " ".join(study.texts.words[word] for word in found.pairs[place]),
                "n": int(counts[label_place[name], place] if name else total[place]),
                "z": round(float(z[label_place[name], place]), 2) if name else None,
                "n_people": int(images.n_people[number]),
                "n_images": int(images.n_images[number]),
                "images": images.images[number],
            }
            for number, place in enumerate(chosen)
            if images.n_people[number] >= FEWEST_PEOPLE
        ]
        result[name] = rows[:MOST_WORDS]
    return result


def things(
    study: StudyTexts, concreteness: Mapping[str, float] | None, descriptions: Mapping[int, str]
) -> dict[str, Any]:
    """What of the images is named: things per text, how many of them others name of the same image, and which.

    descriptions: {image: its own description and tags}, of those that have one: the share of texts that take up a word
    of it is told where there is any.
    """
    forms = one_form(study.texts.words)
    seen = is_thing(study.texts.words, concreteness)
    named = named_things(study.index, study.image, forms, seen)
    english = ~np.isnan(study.texts.number("compound"))
    n_texts = np.bincount(study.image[english], minlength=study.n_images)
    # only where somebody else wrote about the same image can a thing be shared
    comparable = english & (n_texts[study.image] > 1)
    everywhere = np.zeros(study.n_images, np.int64)

    def mean(values: NDArray[np.float64], of: NDArray[np.bool_]) -> list[Any] | None:
        means = clustered_means(np.where(of, values, np.nan), study.image, everywhere, 1)
        if not means.n[0]:
            return None
        numbers = (means.mean[0], means.low[0], means.high[0])
        return [*(None if np.isnan(one) else round(float(one), 6) for one in numbers), int(means.n[0])]

    order, n_images = np.unique(named.thing, return_counts=True)
    chosen = order[np.argsort(-n_images, kind="stable")[: 2 * MOST_WORDS]]
    place_of = np.full(len(study.texts.words), -1)
    place_of[chosen] = np.arange(len(chosen))
    mine = place_of[named.thing] >= 0
    # an image counts as often as texts name the thing there, so that the clearest come first
    repeated = np.repeat(np.flatnonzero(mine), named.n_texts[mine])
    images = behind(
        place_of[named.thing[repeated]], named.image[repeated], np.zeros(len(repeated), np.int64), len(chosen)
    )
    return {
        "only_concrete": concreteness is not None,
        "things_per_text": mean(named.n_things.astype(np.float64), english),
        "names_something": mean((named.n_things > 0).astype(np.float64), english),
        "names_something_shared": mean((named.n_shared > 0).astype(np.float64), comparable),
        "takes_up_description": mean(_takes_up(study, forms, descriptions), english) if descriptions else None,
        "n_described_images": len(descriptions),
        "shared": [
            {
                "word": study.texts.words[word],
                "n_images": int(images.n_images[number]),
                "images": images.images[number],
            }
            for number, word in enumerate(chosen)
        ],
    }


def _takes_up(study: StudyTexts, forms: NDArray[np.int64], descriptions: Mapping[int, str]) -> NDArray[np.float64]:
    """(n,) 1 where the text holds a word of its image's description, in either number; NaN where there is none."""
    places = {word: place for place, word in enumerate(study.texts.words)}
    width = len(study.texts.words)
    wanted = {
        image * width + int(forms[places[word]])
        for image, description in descriptions.items()
        for word in described_things(description)
        if word in places
    }
    described = np.zeros(study.n_images, bool)
    described[list(descriptions)] = True
    of_described = described[study.image]
    code = study.image[study.texts.text_of_word] * width + forms[study.texts.ids]
    hit = np.isin(code, np.fromiter(wanted, np.int64, count=len(wanted)))
    taken = np.bincount(study.texts.text_of_word[hit], minlength=len(study.texts)) > 0
    return np.where(of_described, taken.astype(np.float64), np.nan)


class _Uses:
    """Where some words stand: read once, for all sources."""

    def __init__(self, study: StudyTexts, words: set[int]) -> None:
        index, chosen = study.index, sorted(words)
        stretches = [slice(int(index.starts[word]), int(index.starts[word + 1])) for word in chosen]
        self._study = study
        self._text = np.concatenate([index.texts[:0], *(index.texts[stretch] for stretch in stretches)])
        self._word = np.repeat(np.array(chosen, np.int64), [stretch.stop - stretch.start for stretch in stretches])

    def behind(self, items: Sequence[tuple[int, int]], source: int | None) -> Behind:
        """The images and people behind (emotion, word) pairs, in one source or in all."""
        study = self._study
        width = len(study.texts.words)
        mine = slice(None) if source is None else study.source[self._text] == source
        text, word = self._text[mine], self._word[mine]
        item_of = np.full(study.n_labels * width + width, -1)
        item_of[[label * width + word for label, word in items]] = np.arange(len(items))
        item = item_of[study.emotion[text] * width + word]
        text = text[item >= 0]
        return behind(item[item >= 0], study.image[text], study.person[text], len(items))
