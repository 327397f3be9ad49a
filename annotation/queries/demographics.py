"""What people said about themselves, in groups that are large enough."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from annotation.models import Study
from annotation.people.demographics import settings_of
from annotation.people.questions import questions_of


@dataclass(frozen=True)
class DemographicGroup:
    """n people gave this answer; n is never below the study's least group."""

    option: str
    words: str
    n: int


@dataclass(frozen=True)
class DemographicQuestion:
    """A question with its groups, the largest first. leaves_out: smaller groups exist, of which nothing is said."""

    key: str
    text: str
    groups: list[DemographicGroup]
    leaves_out: bool


def demographic_groups(study: Study) -> list[DemographicQuestion]:
    """How many people gave which answer about themselves: what pages may read of these answers.

    The only other way to them is `demographic_partitions`, for a job that compares groups.

    Groups below the study's minimum are not there, and no total is said from which they could be told. People who
    withdrew and simulated ones do not count.
    """
    settings = settings_of(study)
    counts: dict[tuple[str, str], int] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select one.key, one.value, count(*) from annotation_demographicanswers d
            join annotation_participation p on p.id = d.participation_id
            join annotation_annotator a on a.id = p.annotator_id
            cross join lateral jsonb_each_text(d.answers) as one
            where p.study_id = %s and p.withdrawn_at is null and not a.is_simulated
            group by 1, 2
            """,
            [study.pk],
        )
        for key, option, n in cursor:
            counts[key, option] = n
    found = []
    for question in questions_of(settings.questions):
        given = [(option, words, counts.get((question.key, option), 0)) for option, words in question.options]
        groups = [DemographicGroup(*one) for one in given if one[2] >= settings.least_group]
        leaves_out = any(0 < n < settings.least_group for _option, _words, n in given)
        found.append(
            DemographicQuestion(question.key, question.text, sorted(groups, key=lambda group: -group.n), leaves_out)
        )
    return found


@dataclass(frozen=True)
class DemographicPartition:
    """For a job's arithmetic, never to be stored or shown: which group each of some people is in.

    groups: as in `demographic_groups`, the sizes counted among these people. place: of each person in groups, in the
    order asked for; -1 = in none that may be told of.
    """

    key: str
    groups: list[DemographicGroup]
    place: list[int]
    least: int


def demographic_partitions(study: Study, pseudonyms: Sequence[str]) -> list[DemographicPartition]:
    """The groups of these people, one partition per question with at least two groups that may be told of.

    The same promise as `demographic_groups`, held twice: a group of fewer than the least number of these people is
    none, and where so few are left over (in small groups, or without an answer) that they could be told by taking the
    groups from everybody, the smallest group goes as well. Withdrawn and simulated people are in none.
    """
    settings = settings_of(study)
    said: dict[str, dict[str, str]] = {}
    real = set()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select a.pseudonym, case when d.consent_id is null then null else d.answers::text end
            from annotation_participation p
            join annotation_annotator a on a.id = p.annotator_id
            left join annotation_demographicanswers d on d.participation_id = p.id
            where p.study_id = %s and p.withdrawn_at is null and not a.is_simulated and a.pseudonym = any(%s)
            """,
            [study.pk, list(pseudonyms)],
        )
        for pseudonym, answers in cursor:
            real.add(pseudonym)
            said[pseudonym] = json.loads(answers) if answers else {}
    n_people = sum(pseudonym in real for pseudonym in pseudonyms)
    found = []
    for question in demographic_groups(study):
        chosen = [said.get(pseudonym, {}).get(question.key) for pseudonym in pseudonyms]
        sizes = Counter(chosen)
        kept = [
            DemographicGroup(group.option, group.words, sizes[group.option])
            for group in question.groups
            if sizes[group.option] >= settings.least_group
        ]
        kept.sort(key=lambda group: (-group.n, group.option))
        if kept and 0 < n_people - sum(group.n for group in kept) < settings.least_group:
            kept.pop()
        if len(kept) < 2:
            continue
        places = {group.option: place for place, group in enumerate(kept)}
        place = [places.get(option, -1) if option else -1 for option in chosen]
        found.append(DemographicPartition(question.key, kept, place, settings.least_group))
    return found
