"""The audit of a replayed Affection, run beside the site: the database against the client's own log.

usage: python -m bench.affection_audit SLUG LOG     prints the findings as JSON

LOG: lines of bench.affection_log.Log: `saved KEY STATUS FINGERPRINT`, `revised KEY - FINGERPRINT`, `withdrawn KEY`,
`withdrew PERSON PARTICIPATION`.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import django

# md5 of "emotion\nexplanation", as bench.affection_log.fingerprint
STORED = """
    select client_key::text, status, participation_id,
      md5((answers ->> 'emotion') || e'\\n' || (answers ->> 'explanation'))
    from annotation_response where study_id = %s
"""
EXACT = """
    select s.wanted, s.open_slots, count(r.id) from annotation_stimulus s
    left join annotation_response r on r.stimulus_id = s.id and r.status = 'accepted'
    where s.study_id = %s group by s.id
"""
REPEATS = """
    select count(*) from (select 1 from annotation_response where study_id = %s and status <> 'withdrawn'
      group by stimulus_id, participation_id having count(*) > 1) twice
"""


def read_log(path: Path) -> tuple[dict[str, tuple[str, str]], int, set[str]]:
    """{key: (status, fingerprint)} as it must stand now; how many keys were acknowledged twice; who withdrew all."""
    expected: dict[str, tuple[str, str]] = {}
    n_twice, withdrew = 0, set()
    with path.open() as file:
        for line in file:
            act, key, *rest = line.split()
            if act == "saved":
                n_twice += key in expected
                expected[key] = (rest[0], rest[1])
            elif act == "revised":
                expected[key] = (expected[key][0], rest[1])
            elif act == "withdrawn":
                expected[key] = ("withdrawn", "")
            else:
                withdrew.add(rest[0])
    return expected, n_twice, withdrew


def audit(slug: str, log: Path) -> dict[str, Any]:
    from django.db import connection

    from analysis.models import StudyStatistics
    from annotation.models import Study
    from annotation.services.audit_study import audit_study

    study = Study.objects.get(slug=slug)
    expected, n_twice, withdrew = read_log(log)
    found: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    examples: list[str] = []

    def fault(name: str, key: str) -> None:
        found[name] += 1
        if len(examples) < 20:
            examples.append(f"{name}: {key}")

    n_expected = len(expected)
    with connection.cursor() as cursor:
        cursor.execute(STORED, [study.pk])
        for key, status, participation, print_ in cursor:
            statuses[status] += 1
            claim = expected.pop(key, None)
            if claim is None:
                fault("stored, not acknowledged or stored twice", key)
                continue
            wanted_status = "withdrawn" if str(participation) in withdrew else claim[0]
            if status != wanted_status:
                fault(f"acknowledged as {wanted_status}, stored as {status}", key)
            elif status != "withdrawn" and print_ != claim[1]:
                fault("stored with another content", key)
        for key in expected:
            fault("acknowledged, not stored", key)
        exact: Counter[str] = Counter()
        cursor.execute(EXACT, [study.pk])
        n_accepted_wanted = 0
        for wanted, open_slots, n in cursor:
            n_accepted_wanted += wanted
            exact[f"{n} of {wanted}"] += 1
            if n != wanted or open_slots != 0:
                fault("stimulus without its exact number", f"{n} of {wanted}, {open_slots} open")
        cursor.execute(REPEATS, [study.pk])
        repeats = cursor.fetchone()[0]
    counted = StudyStatistics.objects.filter(pk=study.pk).values_list("n_responses", flat=True).first()
    return {
        "acknowledged": n_expected,
        "acknowledged_twice": n_twice,
        "stored": dict(statuses),
        "wanted": n_accepted_wanted,
        "stimuli": dict(exact),
        "one_person_twice_on_one_stimulus": repeats,
        "in_the_statistics": counted or 0,
        "differences": dict(found),
        "examples": examples,
        "faults": audit_study(study),
    }


def is_empty(findings: dict[str, Any]) -> bool:
    """Whether nothing is wrong: every stimulus its exact number, every acknowledged answer there once, no repeats."""
    accepted = findings["stored"].get("accepted", 0)
    return (
        not findings["differences"]
        and not findings["faults"]
        and not findings["acknowledged_twice"]
        and not findings["one_person_twice_on_one_stimulus"]
        and accepted == findings["wanted"] == findings["in_the_statistics"]
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print(json.dumps(audit(sys.argv[1], Path(sys.argv[2]))))
