"""Tries the rules that are on against answers whose signals were just computed; what they find becomes rows."""

import json
from collections import defaultdict
from collections.abc import Sequence

from django.db import connection

from annotation.models import QualityFlag, QualityRule, ResponseSignals, Study
from annotation.quality.grammar import PERSON, Definition, of_stored
from annotation.quality.of_people import signals_of_people

_LAST = """
    select s.participation_id, s.response_id, s.signals from unnest(%(people)s::bigint[]) as p (id)
    cross join lateral (
      select participation_id, response_id, signals from annotation_responsesignals s
      where s.participation_id = p.id order by s.response_id desc limit %(n)s
    ) s
"""


def raise_flags(*, study: Study, rows: Sequence[ResponseSignals]) -> int:
    """Flags what the study's rules find, once for each rule and response, or rule and person. Returns how many are new.

    Only writes the flags, with `is_due` where something is to be done: that follows in transactions of its own
    (act_on_flags.py), since it locks people and stimuli.
    """
    rules = [(rule, of_stored(rule.definition)) for rule in QualityRule.objects.filter(study=study, is_on=True)]
    people = {row.participation_id for row in rows}
    of_people = signals_of_people(people)
    flags = []
    for rule, definition in rules:
        if definition.scope == PERSON:
            flags += _of_people(rule, definition, people, of_people)
            continue
        for row in rows:
            found = definition.met_by({**of_people.get(row.participation_id, {}), **row.signals})
            if found is not None:
                flags.append(_flag(rule, row.participation_id, row.response_id, found))
    before = QualityFlag.objects.count() if flags else 0
    # the constraints know what was flagged before; nothing is flagged twice
    QualityFlag.objects.bulk_create(flags, ignore_conflicts=True)
    return QualityFlag.objects.count() - before if flags else 0


def _of_people(
    rule: QualityRule, definition: Definition, people: set[int], of_people: dict[int, dict[str, float | None]]
) -> list[QualityFlag]:
    # her answers from before the last decision on her have been judged already
    judged: dict[int, int] = {}
    for person, last in QualityFlag.objects.filter(rule=rule, participation__in=people).values_list(
        "participation_id", "found__0__last_response"
    ):
        judged[person] = max(judged.get(person, 0), int(last or 0))
    answers: dict[int, list[tuple[int, dict[str, float | None]]]] = defaultdict(list)
    for row in _last_signals(people, definition.window):
        answers[row[0]].append((row[1], row[2]))
    flags = []
    for person, rows in answers.items():
        fresh = [(pk, signals) for pk, signals in rows if pk > judged.get(person, 0)]
        met = [(pk, definition.met_by({**of_people.get(person, {}), **signals})) for pk, signals in fresh]
        meeting = [(pk, found) for pk, found in met if found is not None]
        if len(meeting) >= definition.least:
            last, found = max(meeting)
            summary = {
                "n_meeting": len(meeting),
                "n_answers": len(rows),
                "last_response": max(pk for pk, _ in rows),
                "responses": sorted(pk for pk, _ in meeting),
            }
            flags.append(_flag(rule, person, None, [summary, *(found or [])]))
    return flags


def _last_signals(people: set[int], n: int) -> list[tuple[int, int, dict[str, float | None]]]:
    found = []
    with connection.cursor() as cursor:
        cursor.execute(_LAST, {"people": list(people), "n": n})
        for person, response_id, signals in cursor.fetchall():
            found.append((person, response_id, json.loads(signals)))
    return found


def _flag(
    rule: QualityRule, participation_id: int, response_id: int | None, found: list[dict[str, object]]
) -> QualityFlag:
    return QualityFlag(
        study_id=rule.study_id,
        participation_id=participation_id,
        response_id=response_id,
        rule=rule,
        rule_version=rule.version,
        found=found,
        is_due=True,
    )
