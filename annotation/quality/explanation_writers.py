"""Who wrote a text before: the same person about another stimulus, or somebody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotation.quality.explanation_store import Text, array
from annotation.quality.near_duplicates import FEWEST_WORDS, MOST_CHANGES

# `offset 0` keeps the planner from reading whole tables for many people at once: one descent of an index for each row.
_OWN = """
    with own as materialized (
      select p.person, s.response_id, t.id, t.n_words, t.signature
      from (select distinct unnest(%(persons)s::bigint[])) as p (person)
      cross join lateral (
        select s.response_id, s.text_id from annotation_responsesignals s
        where s.participation_id = p.person and s.text_id is not null offset 0
      ) s
      cross join lateral (
        select t.id, t.n_words, t.signature from annotation_explanationtext t where t.id = s.text_id offset 0
      ) t
    )
    select q.n, own.id, own.response_id
    from unnest(
      %(ns)s::int[], %(persons)s::bigint[], %(responses)s::bigint[], %(texts)s::bigint[], %(counts)s::smallint[],
      %(signatures)s::bigint[]
    ) as q (n, person, response, text_id, n_words, signature)
    join own on own.person = q.person and own.response_id <> q.response
    where own.id = q.text_id
      or (q.n_words >= %(fewest)s and own.n_words >= %(fewest)s
          and abs(own.n_words - q.n_words) <= %(most)s
          and bit_count((own.signature # q.signature)::bit(64)) <= 2 * %(most)s)
"""
_THEIRS = """
    select q.n, q.text_id, coalesce(
      (select s.response_id from annotation_responsesignals s
       where s.text_id = q.text_id and s.participation_id < q.person order by s.participation_id limit 1),
      (select s.response_id from annotation_responsesignals s
       where s.text_id = q.text_id and s.participation_id > q.person order by s.participation_id limit 1))
    from unnest(%(ns)s::int[], %(persons)s::bigint[], %(texts)s::bigint[]) as q (n, person, text_id)
"""


@dataclass(frozen=True)
class OwnText:
    """A row whose person's other texts are asked for."""

    number: int
    person: int
    response_id: int
    text: Text


def own_writings(rows: Sequence[OwnText]) -> list[tuple[int, int, int]]:
    """(row, text, response) of what the row's person wrote before this call that may be near the row's text."""
    values: dict[str, Any] = {
        "fewest": FEWEST_WORDS,
        "most": MOST_CHANGES,
        "ns": array(row.number for row in rows),
        "persons": array(row.person for row in rows),
        "responses": array(row.response_id for row in rows),
        "texts": array(row.text.id for row in rows),
        "counts": array(len(row.text.words) for row in rows),
        "signatures": array(row.text.signature for row in rows),
    }
    with connection.cursor() as cursor:
        cursor.execute(_OWN, values)
        return list(cursor.fetchall())


def others_writings(asked: Sequence[tuple[int, int, int]]) -> dict[tuple[int, int], int]:
    """asked: (row, its person, text). (row, text) -> a response of somebody else with this text, before this call."""
    if not asked:
        return {}
    ns, persons, texts = zip(*asked, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_THEIRS, {"ns": array(ns), "persons": array(persons), "texts": array(texts)})
        return {(n, text_id): response_id for n, text_id, response_id in cursor if response_id is not None}
