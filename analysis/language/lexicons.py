"""Word norms that the operator brings, since their licence does not let us bundle them."""

import csv
import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from analysis.language.errors import LexiconUnreadable

MOST_ABSTRACT_SHARE = 0.01


@dataclass(frozen=True)
class ConcretenessNorms:
    """How concrete people find words, 1 (abstract) to 5 (concrete).

    ratings: every entry, words and pairs of words ("ice cream"), in lower case. articles: the entries that are
    articles. file_name, sha256: which file it was.
    Source: Brysbaert, Warriner and Kuperman, Concreteness ratings for 40 thousand generally known English word lemmas,
    Behavior Research Methods 46 (2014).
    """

    ratings: Mapping[str, float]
    articles: frozenset[str]
    file_name: str = ""
    sha256: str = ""

    @cached_property
    def single_words(self) -> dict[str, float]:
        """The ratings of entries of one word, articles included."""
        return {word: rating for word, rating in self.ratings.items() if " " not in word}

    @cached_property
    def words(self) -> dict[str, float]:
        """The ratings of entries of one word without articles."""
        return {word: rating for word, rating in self.single_words.items() if word not in self.articles}

    @cached_property
    def pairs(self) -> dict[tuple[str, str], float]:
        """The ratings of entries of two words."""
        named = ((tuple(entry.split(" ")), rating) for entry, rating in self.ratings.items() if " " in entry)
        return {(words[0], words[1]): rating for words, rating in named if len(words) == 2}

    @cached_property
    def most_abstract(self) -> frozenset[str]:
        """The words and pairs among the 1 % of entries with the lowest ratings (ties at the border included)."""
        rated = {entry: rating for entry, rating in self.ratings.items() if entry not in self.articles}
        if not rated:
            return frozenset()
        # the percentile between two values, as numpy's default and the published analysis have it
        ordered = sorted(rated.values())
        place = MOST_ABSTRACT_SHARE * (len(ordered) - 1)
        below = math.floor(place)
        above = min(below + 1, len(ordered) - 1)
        border = ordered[below] + (place - below) * (ordered[above] - ordered[below])
        return frozenset(entry for entry, rating in rated.items() if rating <= border)


@dataclass(frozen=True)
class AffectNorms:
    """How pleasant, arousing and controlling people find words: (valence, arousal, dominance), each 1 to 9.

    Source: Warriner, Kuperman and Brysbaert, Norms of valence, arousal, and dominance for 13,915 English lemmas,
    Behavior Research Methods 45 (2013).
    """

    ratings: Mapping[str, tuple[float, float, float]]
    file_name: str = ""
    sha256: str = ""


def read_concreteness(path: Path) -> ConcretenessNorms:
    """Reads the published table (tab- or comma-separated; Word, Conc.M; Dom_Pos where it is there).

    Raises LexiconUnreadable.
    """
    ratings, articles = {}, set()
    for number, row in _rows(path, ("Word", "Conc.M")):
        word = row["Word"].strip().lower()
        rating = _number(path, number, "Conc.M", row["Conc.M"], 1, 5)
        if not word:
            raise LexiconUnreadable(f"{path}, line {number}: the word is empty. {_NOT_USED}")
        ratings[word] = rating
        if (row.get("Dom_Pos") or "").strip() == "Article":
            articles.add(word)
    return ConcretenessNorms(ratings, frozenset(articles), path.name, _sha256(path))


def read_affect(path: Path) -> AffectNorms:
    """Reads the published table (Word, V.Mean.Sum, A.Mean.Sum, D.Mean.Sum). Raises LexiconUnreadable."""
    columns = ("V.Mean.Sum", "A.Mean.Sum", "D.Mean.Sum")
    ratings = {}
    for number, row in _rows(path, ("Word", *columns)):
        valence, arousal, dominance = (_number(path, number, name, row[name], 1, 9) for name in columns)
        ratings[row["Word"].strip().lower()] = (valence, arousal, dominance)
    return AffectNorms(ratings, path.name, _sha256(path))


_NOT_USED = "The file was not used."


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise LexiconUnreadable(f"{path} is not there. Put the published file there or change the setting.") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise LexiconUnreadable(f"{path} cannot be read as a text file: {problem}. {_NOT_USED}") from None
    lines = text.splitlines()
    if not lines:
        raise LexiconUnreadable(f"{path} is empty. {_NOT_USED}")
    separator = "\t" if "\t" in lines[0] else ";" if lines[0].count(";") > lines[0].count(",") else ","
    rows = csv.DictReader(lines, delimiter=separator)
    names = [name.strip() for name in rows.fieldnames or []]
    rows.fieldnames = names
    if missing := [name for name in needed if name not in names]:
        raise LexiconUnreadable(f"{path} has no column {missing[0]!r}; its columns are {names[:12]}. {_NOT_USED}")
    n = 0
    for row in rows:
        n += 1
        if any(row[name] is None for name in needed):
            raise LexiconUnreadable(f"{path}, line {rows.line_num}: the row is shorter than the header. {_NOT_USED}")
        yield rows.line_num, row
    if not n:
        raise LexiconUnreadable(f"{path} has a header and no rows. {_NOT_USED}")


def _number(path: Path, line: int, column: str, text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise LexiconUnreadable(
            f"{path}, line {line}: {column} is {text!r}, not a number of {low}..{high}. {_NOT_USED}"
        )
    return value


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
