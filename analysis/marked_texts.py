"""Explanations with the words that mark their emotion in the whole study, as the language page found them."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache

from django.db import connection

from analysis.models import AnalysisResult
from analysis.over_snapshots.words import NAME

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_WORDS_OF = """
    select label, coalesce(jsonb_path_query_array(words, '$[*].word'), '[]'::jsonb)::text
    from analysis_analysisresult, jsonb_each(result -> 'marking' -> '') as each (label, words) where id = %s
"""


def marking_words_of(study_id: int) -> Mapping[str, frozenset[str]]:
    """{label id: the words that mark it}, of the study's newest analysis of its words; empty if there is none."""
    newest = (
        AnalysisResult.objects.filter(study_id=study_id, name=NAME)
        .order_by("-as_of", "-created_at", "-pk")
        .values_list("pk", "created_at")
        .first()
    )
    return _read(newest[0], newest[1].isoformat()) if newest else {}


@lru_cache(maxsize=64)
def _read(result_id: int, stamp: str) -> Mapping[str, frozenset[str]]:
    """A result is some megabytes: its words are read once by each process. stamp: computed anew, it is read anew."""
    with connection.cursor() as cursor:
        cursor.execute(_WORDS_OF, [result_id])
        return {label: frozenset(json.loads(words)) for label, words in cursor.fetchall()}


def marked(text: str, words: frozenset[str]) -> list[tuple[str, bool]]:
    """The text in pieces, in order: (piece, whether it is one of the words)."""
    pieces: list[tuple[str, bool]] = []
    end = 0
    for found in _WORD.finditer(text):
        if found.group().lower().replace("’", "'") in words:
            if found.start() > end:
                pieces.append((text[end : found.start()], False))
            pieces.append((found.group(), True))
            end = found.end()
    if end < len(text):
        pieces.append((text[end:], False))
    return pieces
