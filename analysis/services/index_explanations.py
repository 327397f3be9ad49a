"""Keeps the index by which the explorer finds images: words of explanations, sources, groups.

It follows the responses by a mark of its own, so the cost follows what changed. Where nothing can be said about what
changed (the first look, a restored database) every study is indexed anew.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from analysis.models import ChangeMark, ExplanationIndex
from analysis.search_words import index_words
from annotation.queries import (
    changes_since,
    explained_responses,
    has_changed_since,
    ids_of_studies_with_responses,
    stimulus_ids_in_chunks,
    stimulus_sources,
    studies_by_ids,
)

CHUNK = 1_000

_WRITE = """
    insert into analysis_explanationindex (stimulus_id, study_id, source, cohorts, words)
    select id, %s, source, cohorts, array_to_tsvector(words)
    from jsonb_to_recordset(%s::jsonb) as row (id bigint, source text, cohorts text[], words text[])
    on conflict (stimulus_id) do update
      set study_id = excluded.study_id, source = excluded.source, cohorts = excluded.cohorts, words = excluded.words
"""


def index_what_changed(*, wait: bool = False) -> int:
    """Indexes the stimuli whose responses changed since the last look. Returns how many.

    wait: wait for another one at work instead of leaving the changes to it.
    """
    seen = ChangeMark.objects.filter(name=ChangeMark.EXPLANATIONS).values_list("seen", flat=True).first()
    if seen and not has_changed_since(seen):
        return 0
    ChangeMark.objects.get_or_create(name=ChangeMark.EXPLANATIONS)
    with transaction.atomic():
        locked = ChangeMark.objects.select_for_update(skip_locked=not wait)
        mark = locked.filter(name=ChangeMark.EXPLANATIONS).first()
        if mark is None:
            return 0
        changes = changes_since(mark.seen or None)
        if changes.started_anew:
            n_indexed = index_everything()
        else:
            studies = studies_by_ids(changes.stimuli)
            for study_id, stimulus_ids in changes.stimuli.items():
                if study_id in studies:
                    index_stimuli(studies[study_id], stimulus_ids)
                else:
                    ExplanationIndex.objects.filter(study_id=study_id).delete()
            n_indexed = sum(map(len, changes.stimuli.values()))
        mark.seen = changes.seen
        mark.save(update_fields=["seen", "updated_at"])
    return n_indexed


def index_everything() -> int:
    """Every study from its responses. Returns the number of stimuli that have one."""
    ExplanationIndex.objects.all().delete()
    for study in studies_by_ids(ids_of_studies_with_responses()).values():
        for ids in stimulus_ids_in_chunks(study, CHUNK):
            index_stimuli(study, ids)
    return ExplanationIndex.objects.count()


def index_stimuli(study: Any, stimulus_ids: Sequence[int]) -> None:
    """Writes these stimuli's rows from their accepted responses; those without any lose theirs."""
    for at in range(0, len(stimulus_ids), CHUNK):
        _index_chunk(study, stimulus_ids[at : at + CHUNK])


def _index_chunk(study: Any, ids: Sequence[int]) -> None:
    explanations: dict[int, list[tuple[str, str]]] = {}
    cohorts: dict[int, set[str]] = {}
    for response in explained_responses(study, ids):
        explanations.setdefault(response.stimulus_id, []).append((response.label, response.text))
        cohorts.setdefault(response.stimulus_id, set()).update(filter(None, [response.cohort]))
    sources = stimulus_sources(list(explanations))
    rows = [
        {
            "id": stimulus_id,
            "source": sources.get(stimulus_id, ""),
            "cohorts": sorted(cohorts[stimulus_id]),
            "words": index_words(texts),
        }
        for stimulus_id, texts in sorted(explanations.items())
    ]
    ExplanationIndex.objects.filter(stimulus_id__in=[number for number in ids if number not in explanations]).delete()
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [study.pk, json.dumps(rows)])
