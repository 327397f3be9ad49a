"""The tables of a study's texts and of the pairs of words that they are kept under (near_duplicates.py)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from annotation.quality.near_duplicates import Order, n_pairs, signature
from annotation.quality.word_orders import count_texts, order, orders_of

_UPGRADE = 2_000  # texts of before there were pairs, at a time

# The limit makes it one descent of the index for each pair, whatever the planner thinks of the table.
_ASK = """
    select q.of, e.texts from unnest(%(keys)s::bigint[], %(of)s::int[]) as q (key, of)
    cross join lateral (
      select array_agg(p.text_id) as texts from (
        select p.text_id from annotation_explanationpair p
        where p.key = q.key and abs(p.n_words - (%(counts)s::smallint[])[q.of]) <= (%(most)s::smallint[])[q.of]
          and bit_count((p.signature # (%(signatures)s::bigint[])[q.of])::bit(64)) <= 2 * (%(most)s::smallint[])[q.of]
        limit %(limit)s
      ) p
    ) e where e.texts is not null
"""
_KNOWN = """
    select t.id, t.digest from annotation_explanationtext t
    where t.study_id = %(study)s and t.digest = any(%(digests)s)
"""
_ADD_TEXTS = """
    insert into annotation_explanationtext (study_id, order_id, digest, words, n_words, signature)
    select %(study)s, %(order)s, *
    from unnest(%(digests)s::bytea[], %(words)s::text[], %(counts)s::smallint[], %(signatures)s::bigint[])
    on conflict (study_id, digest) do nothing returning id, digest
"""
_ADD_PAIRS = """
    insert into annotation_explanationpair (key, text_id, n_words, signature)
    select * from unnest(%(keys)s::bigint[], %(texts)s::bigint[], %(counts)s::smallint[], %(signatures)s::bigint[])
    on conflict do nothing
"""
_WITHOUT_PAIRS = """
    select id, words from annotation_explanationtext where study_id = %s and order_id is null order by id limit %s
"""
_HAS_PAIRS = """
    update annotation_explanationtext t set order_id = %(order)s, signature = q.signature
    from unnest(%(texts)s::bigint[], %(signatures)s::bigint[]) as q (id, signature) where t.id = q.id
"""
_UNUSED = """
    delete from annotation_explanationtext t where t.id = any(%(texts)s)
      and not exists (select 1 from annotation_responsesignals s where s.text_id = t.id)
    returning t.id, t.study_id, t.order_id, t.words
"""
_ORDERS_OF_NOTHING = """
    delete from annotation_explanationorder o where o.study_id = any(%s)
      and not exists (select 1 from annotation_explanationtext t where t.study_id = o.study_id)
"""


@dataclass
class Text:
    """One text of a call. is_crowded: more texts share a pair with it than were read.

    near: (changed words, words of the longer one, text) of the stored texts that are near to it, those of this call
    among them, the nearest first.
    """

    words: list[str]
    digest: bytes
    signature: int
    id: int = 0
    is_new: bool = False
    is_crowded: bool = False
    near: list[tuple[int, int, int]] = field(default_factory=list)


def array(numbers: Iterable[int]) -> str:
    """PostgreSQL's spelling of an array: faster than one parameter for each number."""
    return "{" + ",".join(map(str, numbers)) + "}"


def orders_with_all_texts(study_id: int) -> list[Order]:
    """The study's orders, after texts that are under none of them were put under the newest."""
    while True:
        orders = orders_of(study_id)
        with connection.cursor() as cursor:
            cursor.execute(_WITHOUT_PAIRS, [study_id, _UPGRADE])
            rows = [(text_id, words.split(" ")) for text_id, words in cursor.fetchall()]
            if not rows:
                return orders
            texts = [Text(words, b"", signature(words), text_id) for text_id, words in rows]
            _add_pairs(texts, orders[-1])
            values: dict[str, Any] = {
                "order": orders[-1].id,
                "texts": array(text.id for text in texts),
                "signatures": array(text.signature for text in texts),
            }
            cursor.execute(_HAS_PAIRS, values)


def store(study_id: int, texts: list[Text], newest: Order) -> None:
    """Gives each text its id, that of the stored one where it was written before, and keeps the new ones."""
    by_digest = {text.digest: text for text in texts}
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"study": study_id, "digests": list(by_digest)})
        for text_id, digest in cursor.fetchall():
            by_digest[bytes(digest)].id = text_id
        new = [text for text in texts if not text.id]
        if not new:
            return
        values: dict[str, Any] = {
            "study": study_id,
            "order": newest.id,
            "digests": [text.digest for text in new],
            "words": [" ".join(text.words) for text in new],
            "counts": array(len(text.words) for text in new),
            "signatures": array(text.signature for text in new),
        }
        cursor.execute(_ADD_TEXTS, values)
        for text_id, digest in cursor.fetchall():
            by_digest[bytes(digest)].id = text_id
    _add_pairs(new, newest)


def _add_pairs(texts: Sequence[Text], newest: Order) -> None:
    pairs = [(key, text) for text in texts for key in newest.pairs(text.words)]
    values = {
        "keys": array(key for key, _ in pairs),
        "texts": array(text.id for _, text in pairs),
        "counts": array(len(text.words) for _, text in pairs),
        "signatures": array(text.signature for _, text in pairs),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADD_PAIRS, values)
    count_texts(newest.id, len(texts))


def ask(texts: Sequence[Text], orders: Sequence[Order], most: Sequence[int], limit: int | None) -> list[set[int]]:
    """For each text those that may be near it by at most `most` changed words; of each pair at most `limit`."""
    keys: list[int] = []
    of: list[int] = []
    for number, (text, changes) in enumerate(zip(texts, most, strict=True), 1):
        for each in orders:
            pairs = each.pairs(text.words)[: n_pairs(changes)]
            keys += pairs
            of += [number] * len(pairs)
    candidates: list[set[int]] = [set() for _ in texts]
    if not keys:
        return candidates
    values: dict[str, Any] = {
        "keys": array(keys),
        "of": array(of),
        "counts": array(len(text.words) for text in texts),
        "signatures": array(text.signature for text in texts),
        "most": array(most),
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ASK, values)
        for number, text_ids in cursor:
            candidates[number - 1].update(text_ids)
            if len(text_ids) == limit:
                texts[number - 1].is_crowded = True
    for text, found in zip(texts, candidates, strict=True):
        found.discard(text.id)
    return candidates


def read(text_ids: Iterable[int], known: dict[int, list[str]]) -> None:
    """Adds the words of these texts to `known`."""
    missing = [text_id for text_id in text_ids if text_id not in known]
    if missing:
        with connection.cursor() as cursor:
            cursor.execute(
                "select id, words from annotation_explanationtext where id = any(%s::bigint[])", [array(missing)]
            )
            known.update((text_id, words.split(" ")) for text_id, words in cursor)


def forget_unused(text_ids: Iterable[int]) -> int:
    """Deletes those of the texts that no response has any more, with their pairs. Returns how many."""
    ids = list({*text_ids})
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_UNUSED, {"texts": ids})
        gone = cursor.fetchall()
        for text_id, _, order_id, words in gone:
            if order_id is not None:
                # one descent of the index for each pair
                cursor.execute(
                    "delete from annotation_explanationpair where text_id = %s and key = any(%s)",
                    [text_id, order(order_id).pairs(words.split(" "))],
                )
        if gone:
            # an order is made of what people wrote: with the last text it goes, too
            cursor.execute(_ORDERS_OF_NOTHING, [list({study_id for _, study_id, _, _ in gone})])
    return len(gone)
