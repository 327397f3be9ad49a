"""What a study's explanations say, counted: the parts of the language page's result, as plain JSON."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.language.behind import MOST_IMAGES, behind
from analysis.language.cell_means import Cells
from analysis.language.measures import MEASURES
from analysis.language.parts_of_speech import NAMES, TAGS
from analysis.language.similes import SUBSTRINGS
from analysis.language.something_else import GROUPS, UNCLASSIFIED
from analysis.language.study_texts import StudyTexts
from analysis.statistics.clustered_means import ClusteredMeans, clustered_means
from snapshots.cleaning import is_english
from snapshots.presets import PRESETS, kept_texts
from snapshots.split import SPLITS

HISTOGRAMS: dict[str, tuple[float, float, int]] = {
    "n_words": (0, 60, 20),
    "concreteness": (1, 5, 20),
    "subjectivity": (0, 1, 20),
    "sentiment": (-1, 1, 20),
}
"""Measures drawn as a distribution: lowest, highest, bins of equal width; what lies outside counts at the end."""
SEARCHED = 64
"""Texts of a bin among which its images are looked for."""


def cells(study: StudyTexts) -> dict[str, dict[str, Any]]:
    """Per "source|emotion" ('' = all): texts, words, vocabulary, every measure's mean and interval, distributions.

    Intervals take an image's texts together. Measures without a value in a part are left out there.
    """
    n_sources, width = len(study.sources) + 1, study.n_labels + 1
    found: dict[str, dict[str, Any]] = {}
    cell_of_text = study.source * width + study.emotion
    size = np.bincount(cell_of_text, minlength=n_sources * width).reshape(n_sources, width)
    for name, source, label in study.cells():
        words = _of_part(study.word_counts, source, label)
        found[name] = {
            "n_texts": int(size[source, label].sum()),
            "n_words": int(words.sum()),
            "vocabulary": int((words > 0).sum()),
            "used_once": int((words == 1).sum()),
            "measures": {},
            "histograms": {},
        }
    _count_kinds(study, found, cell_of_text, n_sources * width)
    cells_of_study = Cells(study.image, study.emotion, study.source_of_image, (n_sources, width))
    for measure in MEASURES:
        values = measure.values(study.texts)
        if np.isnan(values).all():
            continue
        found_means = cells_of_study.means(values)
        means = {
            (False, False): found_means.everything(),
            (True, False): found_means.by_source(),
            (False, True): found_means.by_emotion(),
            (True, True): found_means.by_both(),
        }
        binned = _binned(values, measure.name, cell_of_text, n_sources * width)
        for name, source, label in study.cells():
            by_source, by_label = isinstance(source, int), isinstance(label, int)
            place = (source if isinstance(source, int) else 0) * (width if by_label else 1)
            place += label if isinstance(label, int) else 0
            row = _row(means[by_source, by_label], place)
            if row is None:
                continue
            found[name]["measures"][measure.name] = row
            if binned is not None:
                bins = _of_part(binned.reshape(n_sources, width, binned.shape[1]), source, label)
                found[name]["histograms"][measure.name] = bins.tolist()
    return found


def _count_kinds(study: StudyTexts, found: dict[str, dict[str, Any]], cell: NDArray[np.int64], n_cells: int) -> None:
    """Adds to each part its texts per simile, per language, and per group of 'something else'."""
    texts, shape = study.texts, (len(study.sources) + 1, study.n_labels + 1)
    n_languages = len(texts.language_names)
    spoken = texts.n_words > 0
    of_else = [place for place, label in enumerate(study.labels) if label.get("polarity") == "else"]
    in_else = np.isin(study.emotion, of_else) & ~np.isnan(texts.number("compound"))
    tables = {
        "similes": np.stack(
            [
                np.bincount(cell[(texts.similes >> number & 1) > 0], minlength=n_cells)
                for number in range(len(SUBSTRINGS))
            ],
            axis=1,
        ),
        "languages": np.bincount(
            cell[spoken] * n_languages + texts.languages[spoken], minlength=n_cells * n_languages
        ).reshape(n_cells, n_languages),
        # the last column: not classified
        "else_groups": np.bincount(
            cell[in_else] * (len(GROUPS) + 1) + texts.else_group[in_else] % (len(GROUPS) + 1),
            minlength=n_cells * (len(GROUPS) + 1),
        ).reshape(n_cells, len(GROUPS) + 1),
    }
    for name, source, label in study.cells():
        for kind, table in tables.items():
            found[name][kind] = _of_part(table.reshape(*shape, table.shape[1]), source, label).tolist()
        by_language = dict(zip(texts.language_names, found[name]["languages"], strict=True))
        found[name]["languages"] = {language: n for language, n in sorted(by_language.items()) if n}


def different_words_per_image(study: StudyTexts) -> dict[str, dict[str, list[Any] | None]]:
    """Per part of speech: different words per image, and the same divided by the image's texts; English texts only.

    Each (mean, low, high, images). Source: ArtEmis, pos_analysis by image; Affection, sec. 3.
    """
    index, image = study.index, study.image.astype(np.int32)
    n_texts = np.bincount(image[~np.isnan(study.texts.number("compound"))], minlength=study.n_images)
    answered = np.flatnonzero(n_texts)
    places, everywhere = np.arange(len(answered)), np.zeros(len(answered), np.int64)
    found = {}
    for tag, name in NAMES.items():
        of_tag = np.flatnonzero(index.tags == TAGS.index(tag))
        word, of_image = index.words[of_tag], image[index.texts[of_tag]]
        # a word's images ascend, so that those of the same image stand side by side
        is_new = np.ones(len(of_tag), bool)
        is_new[1:] = (word[1:] != word[:-1]) | (of_image[1:] != of_image[:-1])
        n = np.bincount(of_image[is_new], minlength=study.n_images)
        per_image = n[answered].astype(np.float64)
        found[name] = {
            "per_image": _row(clustered_means(per_image, places, everywhere, 1), 0),
            "per_text": _row(clustered_means(per_image / n_texts[answered], places, everywhere, 1), 0),
        }
    return found


def languages(study: StudyTexts) -> list[dict[str, Any]]:
    """Texts per language, the most frequent first; "" = empty texts."""
    code = np.where(study.texts.n_words > 0, study.texts.languages, -1)
    places, n = np.unique(code, return_counts=True)
    names = ["" if place < 0 else study.texts.language_names[place] for place in places]
    rows: list[dict[str, Any]] = [
        {"language": name, "n_texts": int(count), "read_as_english": bool(name) and is_english(name)}
        for name, count in zip(names, n, strict=True)
    ]
    return sorted(rows, key=lambda row: (-int(row["n_texts"]), str(row["language"])))


def similes(study: StudyTexts) -> list[dict[str, Any]]:
    """Per phrase: texts that contain it, and images behind it; a text with two phrases counts for both."""
    place, text = [], []
    for number in range(len(SUBSTRINGS)):
        rows = np.flatnonzero(study.texts.similes >> number & 1)
        place.append(np.full(len(rows), number))
        text.append(rows)
    places, texts = np.concatenate(place), np.concatenate(text)
    images = behind(places, study.image[texts], study.person[texts], len(SUBSTRINGS))
    n = np.bincount(places, minlength=len(SUBSTRINGS))
    return [
        {"phrase": phrase, "n_texts": int(n[number]), "n_images": int(images.n_images[number]),
         "images": images.images[number]}
        for number, phrase in enumerate(SUBSTRINGS)
    ]  # fmt: skip


def something_else(study: StudyTexts) -> dict[str, Any] | None:
    """The English texts under labels of polarity 'else', sorted into groups; None where there is no such label."""
    of_else = [place for place, label in enumerate(study.labels) if label.get("polarity") == "else"]
    if not of_else:
        return None
    rows = np.flatnonzero(np.isin(study.emotion, of_else) & ~np.isnan(study.texts.number("compound")))
    group = study.texts.else_group[rows]
    sorted_in = rows[group != UNCLASSIFIED]
    places = group[group != UNCLASSIFIED].astype(np.int64)
    images = behind(places, study.image[sorted_in], study.person[sorted_in], len(GROUPS))
    n = np.bincount(places, minlength=len(GROUPS))
    groups: list[dict[str, Any]] = [
        {"name": words[0], "words": list(words), "n_texts": int(n[place]), "n_images": int(images.n_images[place]),
         "images": images.images[place]}
        for place, words in enumerate(GROUPS)
        if n[place]
    ]  # fmt: skip
    groups.sort(key=lambda row: (-row["n_texts"], row["name"]))
    return {"n_texts": len(rows), "n_unclassified": int((group == UNCLASSIFIED).sum()), "groups": groups}


def presets(study: StudyTexts, split_of_image: NDArray[np.int8]) -> dict[str, dict[str, Any]]:
    """What each cleaning preset leaves: texts, per split, limits, and words known after training."""
    split = split_of_image[study.image]
    n_words = study.texts.n_words
    found = {}
    for preset in PRESETS.values():
        kept = kept_texts(n_words, split, preset)
        learned = kept.keep & (split == SPLITS.index("train"))
        counts = np.bincount(study.texts.ids[np.repeat(learned, n_words)], minlength=len(study.texts.words))
        found[preset.name] = {
            "meaning": preset.meaning,
            "n_texts": int(kept.keep.sum()),
            "n_too_short": kept.n_too_short,
            "n_too_long": kept.n_too_long,
            "fewest_words": preset.fewest_words,
            "longest": kept.longest,
            "min_count": preset.min_count,
            "vocabulary": int((counts >= preset.min_count).sum()),
            "splits": kept.numbers_per_split(),
        }
    return found


def _of_part(table: NDArray[np.int64], source: slice | int, label: slice | int) -> NDArray[np.int64]:
    """(S, K, m) counts, summed over a part of the study: (m,)."""
    part: NDArray[np.int64] = table[source, label]
    summed: NDArray[np.int64] = part.sum(axis=tuple(range(part.ndim - 1)))
    return summed


def _binned(values: NDArray[np.float64], name: str, cell: NDArray[np.int64], n: int) -> NDArray[np.int64] | None:
    """(n, bins) how many values of each cell lie in each bin; None for measures that are not drawn so."""
    if name not in HISTOGRAMS:
        return None
    bins = HISTOGRAMS[name][2]
    there = ~np.isnan(values)
    return np.bincount(cell[there] * bins + _bin_of(values[there], name), minlength=n * bins).reshape(n, bins)


def _bin_of(values: NDArray[np.float64], name: str) -> NDArray[np.int64]:
    low, high, bins = HISTOGRAMS[name]
    return np.clip(((values - low) / (high - low) * bins).astype(np.int64), 0, bins - 1)


def spread(study: StudyTexts) -> dict[str, list[dict[str, list[int]]]]:
    """Per measure that is drawn as a distribution and bin: at most eight images with a text in it, the first ones."""
    found = {}
    for measure in MEASURES:
        if measure.name not in HISTOGRAMS:
            continue
        values = measure.values(study.texts)
        there = np.flatnonzero(~np.isnan(values))
        bins = _bin_of(values[there], measure.name)
        # few numbers sort fast, and only the first texts of each bin are looked at
        order = np.argsort(bins.astype(np.uint8), kind="stable")
        starts = np.searchsorted(bins[order], np.arange(HISTOGRAMS[measure.name][2] + 1))
        found[measure.name] = [
            {"images": list(dict.fromkeys(study.image[there[order[start : min(end, start + SEARCHED)]]].tolist()))}
            for start, end in itertools.pairwise(starts.tolist())
        ]
        for one in found[measure.name]:
            del one["images"][MOST_IMAGES:]
    return found


def _row(means: ClusteredMeans, place: int) -> list[Any] | None:
    """[mean, low, high, n] of one group, rounded to 6 digits; None where it has no value."""
    if not means.n[place]:
        return None
    numbers = (means.mean[place], means.low[place], means.high[place])
    return [*(None if math.isnan(number) else round(float(number), 6) for number in numbers), int(means.n[place])]


def image_rows(parts: Sequence[Any]) -> list[int]:
    """Every image that stands behind anything in these parts, ascending; see `behind`."""
    found: set[int] = set()

    def look(part: Any) -> None:
        if isinstance(part, dict):
            for key, value in part.items():
                if key == "images":
                    found.update(value[:MOST_IMAGES])
                else:
                    look(value)
        elif isinstance(part, list):
            for each in part:
                look(each)

    look(list(parts))
    return sorted(found)
