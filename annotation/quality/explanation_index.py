"""Who copied whom: near_duplicates.py on tables that all machines share."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from annotation.quality.explanation_store import Text, ask, orders_with_all_texts, read, store
from annotation.quality.explanation_writers import OwnText, others_writings, own_writings
from annotation.quality.near_duplicates import (
    FEWEST_WORDS,
    MOST_CHANGES,
    Order,
    changed_words,
    digest_of,
    most_changes_between,
    signature,
    words_of,
)

#: So many texts are read of those that share a pair with one. Where there are more, a near one is looked for among
#: these first, and the others only as far as a nearer one could be among them.
AT_ONCE = 12
#: Of the texts near to one, so many of the nearest are asked for other writers at once: the first nearly always has.
NEAREST = 3


@dataclass(frozen=True)
class Written:
    """One response's text, as it is compared."""

    response_id: int
    participation_id: int
    text: str


@dataclass
class Copies:
    """What was found for one response. Similarity: the share of the longer text's words that were kept, in their order,
    1 = word for word; 0 = no copy found; None = cannot tell, since the text is too short to be compared with other
    people's, or empty. *_response: the response it was taken from.
    """

    text_id: int | None = None
    words: list[str] = field(default_factory=list)
    from_self: float | None = None
    from_other: float | None = None
    self_response: int | None = None
    other_response: int | None = None


def compare_and_add(study_id: int, written: Sequence[Written]) -> list[Copies]:
    """Compares each text with all that were added before it, the earlier ones of this call among them, and adds it.

    The caller holds the lock of the signals (two at a time could overlook each other's texts), and stores each
    response's `text_id` in ResponseSignals before it calls again. A few rounds of statements, however many texts.
    """
    texts: dict[bytes, Text] = {}
    rows: list[_Row] = []
    for row in written:
        words = words_of(row.text)
        if words:
            digest = digest_of(words)
            if digest not in texts:
                texts[digest] = Text(words, digest, signature(words))
            rows.append(_Row(len(rows), row.response_id, row.participation_id, texts[digest]))
    if rows:
        orders = orders_with_all_texts(study_id)
        store(study_id, list(texts.values()), orders[-1])
        known = {text.id: text.words for text in texts.values()}
        _find_own(rows, known)
        _find_others(rows, orders, known)
    copies = {row.response_id: row.copies() for row in rows}
    return [copies.get(row.response_id) or Copies() for row in written]


@dataclass
class _Row:
    """A response with a text, and the nearest text found so far: (changed words, words of the longer one, response)."""

    number: int
    response_id: int
    person: int
    text: Text
    own: tuple[int, int, int] | None = None
    other: tuple[int, int, int] | None = None

    def copies(self) -> Copies:
        found = Copies(self.text.id, self.text.words, 0.0, 0.0 if len(self.text.words) >= FEWEST_WORDS else None)
        if self.own:
            found.from_self, found.self_response = _similarity(self.own), self.own[2]
        if self.other:
            found.from_other, found.other_response = _similarity(self.other), self.other[2]
        return found


def _similarity(nearest: tuple[int, int, int]) -> float:
    n_changed, n_words, _ = nearest
    return round(1 - n_changed / n_words, 4)


def _find_own(rows: Sequence[_Row], known: dict[int, list[str]]) -> None:
    """Each person's own texts are few: those of about the length and the words are compared one by one."""
    earlier: dict[int, list[tuple[int, int]]] = defaultdict(list)  # row -> (text, response)
    for number, text_id, response_id in own_writings(
        [OwnText(row.number, row.person, row.response_id, row.text) for row in rows]
    ):
        earlier[number].append((text_id, response_id))
    here: dict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        earlier[row.number] += [(each.text.id, each.response_id) for each in here[row.person]]
        here[row.person].append(row)
    read({text_id for found in earlier.values() for text_id, _ in found}, known)
    for row in rows:
        for text_id, response_id in earlier[row.number]:
            if response_id != row.response_id and (near := _near(row.text, text_id, known)):
                row.own = min(row.own or (*near, response_id), (*near, response_id))


def _find_others(rows: Sequence[_Row], orders: Sequence[Order], known: dict[int, list[str]]) -> None:
    """Looks among a few of the texts that share a pair with each; then, where more share one, among the others.

    Of the others only those matter that would be nearer than what was found. So the nearest one is always found.
    """
    rows = [row for row in rows if len(row.text.words) >= FEWEST_WORDS]
    here: dict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        here[row.text.id].append(row)
    texts = list({row.text.id: row.text for row in rows}.values())
    _match(texts, ask(texts, orders, [MOST_CHANGES] * len(texts), AT_ONCE), known)
    _ask_who_wrote(rows, here, (slice(0, NEAREST), slice(NEAREST, None)))
    left: dict[int, int] = {}
    again = []
    for row in rows:
        nearer = row.other[0] - 1 if row.other else MOST_CHANGES
        if row.text.is_crowded and nearer > 0:
            left[row.text.id] = max(left.get(row.text.id, 0), nearer)
            again.append(row)
    if again:
        texts = [text for text in texts if text.id in left]
        _match(texts, ask(texts, orders, [left[text.id] for text in texts], None), known)
        # only nearer ones are left to ask about, and those are few
        _ask_who_wrote(again, here, (slice(0, None),))


def _match(texts: Sequence[Text], candidates: Sequence[set[int]], known: dict[int, list[str]]) -> None:
    """Makes those candidates the `near` ones that really differ by so few words. known: words by text; added to."""
    read({text_id for found in candidates for text_id in found}, known)
    for text, found in zip(texts, candidates, strict=True):
        text.near = sorted((*near, text_id) for text_id in found if (near := _near(text, text_id, known)))


def _near(text: Text, text_id: int, known: dict[int, list[str]]) -> tuple[int, int] | None:
    """(changed words, words of the longer text), where the other is near it."""
    n_words = len(text.words)
    if text_id == text.id:
        return 0, n_words
    other = known[text_id]
    most = most_changes_between(n_words, len(other))
    n_changed = changed_words(text.words, other, most)
    return (n_changed, max(n_words, len(other))) if 0 < n_changed <= most else None


def _ask_who_wrote(rows: Sequence[_Row], here: dict[int, list[_Row]], in_turn: Sequence[slice]) -> None:
    """Finds the nearest text that somebody else has written, before this call or earlier in it.

    in_turn: which of the near texts, the nearest first, are asked about at once.
    """
    near = {row.number: [(0, len(row.text.words), row.text.id), *row.text.near] for row in rows}
    for places in in_turn:
        asked = [(row, near[row.number][places]) for row in rows if not row.other or places.start == 0]
        theirs = others_writings([(row.number, row.person, text_id) for row, some in asked for _, _, text_id in some])
        for row, some in asked:
            for n_changed, n_words, text_id in some:
                response_id = theirs.get((row.number, text_id)) or next(
                    (
                        each.response_id
                        for each in here.get(text_id, ())
                        if each.number < row.number and each.person != row.person
                    ),
                    None,
                )
                if response_id is not None:
                    found = (n_changed, n_words, response_id)
                    row.other = min(row.other or found, found)
                    break
