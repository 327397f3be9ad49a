"""Groups of people: what they share, and that nobody can be told who said what about herself."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from analysis.models import AnalysisResult
from analysis.over_snapshots.groups import DEFAULTS
from analysis.queries import latest_analysis
from analysis.services.compare_groups import DEMOGRAPHIC_GROUPS, start_comparing_groups, store_groups
from annotation.errors import InvalidInput
from annotation.queries import demographic_partitions
from annotation.services.withdraw import withdraw_participation
from jobs.models import Job
from tests.analysis.answers import answer_stimulus
from tests.analysis.grouped_study import grouped_study
from tests.conftest import make_participation

pytestmark = pytest.mark.django_db


def no_progress(done: int, total: int, message: str) -> None: ...


def compared(study: Any, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    of_snapshot, demographic = store_groups(study=study, options=options, progress=no_progress)
    return of_snapshot.result, demographic.result


def test_a_difference_between_groups_is_found_and_cohorts_that_are_alike_are_not_called_different(mika: User) -> None:
    study, _ = grouped_study(mika, {"woman": 10, "man": 10})
    of_snapshot, demographic = compared(study)
    (cohorts,) = of_snapshot["groupings"]
    assert (cohorts["by"], [group["name"] for group in cohorts["groups"]]) == ("cohort", ["north", "south"])
    assert cohorts["pairs"][0]["gap"]["verdict"] != "differ"
    (gender,) = demographic["groupings"]
    assert {group["name"]: group["n_people"] for group in gender["groups"]} == {"woman": 10, "man": 10}
    pair = gender["pairs"][0]
    assert (pair["n_shared"], pair["gap"]["verdict"]) == (12, "differ")
    awe = next(at for at, label in enumerate(demographic["labels"]) if label["id"] == "awe")
    assert pair["labels"][awe]["verdict"] == "differ"
    sign = 1 if pair["first"] == "woman" else -1
    assert sign * pair["labels"][awe]["value"] == pytest.approx(0.5, abs=0.15)
    assert pair["n_searched"] == 12


def test_a_group_below_the_least_number_is_in_no_result_and_cannot_be_taken_from_the_rest(mika: User) -> None:
    study, people = grouped_study(mika, {"woman": 8, "man": 6, "non_binary": 3})
    pseudonyms = [person.annotator.pseudonym for those in people.values() for person in those]
    # three left over could be told by taking women and men from everybody, so the men go as well: one group is none
    assert demographic_partitions(study, pseudonyms) == []
    _, demographic = compared(study)
    assert demographic["groupings"] == []
    assert "non_binary" not in json.dumps(demographic)


def test_only_those_who_answered_images_make_a_group_large_enough(mika: User) -> None:
    study, people = grouped_study(mika, {"woman": 8, "man": 8, "": 6})
    everybody = [person.annotator.pseudonym for those in people.values() for person in those]
    (partition,) = demographic_partitions(study, everybody)
    assert {group.option: group.n for group in partition.groups} == {"woman": 8, "man": 8}
    assert partition.place.count(-1) == 6
    few_women = [person.annotator.pseudonym for person in (*people["woman"][:4], *people["man"], *people[""])]
    assert demographic_partitions(study, few_women) == []


def test_what_is_kept_of_demographic_groups_has_no_counts_and_no_pseudonyms(mika: User) -> None:
    study, people = grouped_study(mika, {"woman": 6, "man": 6})
    compared(study)
    kept = latest_analysis(study.pk, DEMOGRAPHIC_GROUPS)
    assert kept is not None
    (grouping,) = kept.result["groupings"]
    assert all("n_responses" not in group for group in grouping["groups"])
    assert all("n_responses" not in stimulus for pair in grouping["pairs"] for stimulus in pair["stimuli"])
    text = json.dumps(kept.result)
    assert not any(person.annotator.pseudonym in text for those in people.values() for person in those)


def test_images_with_few_answers_of_a_group_are_not_shown(mika: User) -> None:
    study, _ = grouped_study(mika, {"woman": 6, "man": 6}, least_group=6)
    assert compared(study)[1]["groupings"][0]["pairs"][0]["n_searched"] == 12
    assert compared(study, least_answers=7)[1]["groupings"][0]["pairs"][0]["n_searched"] == 0


def test_a_new_comparison_replaces_the_old_one_of_demographic_groups(mika: User) -> None:
    study, people = grouped_study(mika, {"woman": 6, "man": 7})
    compared(study)
    withdraw_participation(participation=people["man"][0])
    compared(study)
    assert AnalysisResult.objects.filter(name=DEMOGRAPHIC_GROUPS).count() == 1
    groups = latest_analysis(study.pk, DEMOGRAPHIC_GROUPS).result["groupings"][0]["groups"]  # type: ignore[union-attr]
    assert {group["name"]: group["n_people"] for group in groups} == {"woman": 6, "man": 6}


def test_simulated_people_are_in_no_demographic_group(mika: User) -> None:
    study, _ = grouped_study(mika, {"woman": 6, "man": 6})
    simulated = [make_participation(study, is_simulated=True) for _ in range(3)]
    answer_stimulus(study.stimuli.first(), simulated, ["awe"] * 3, is_simulated=True)
    of_snapshot, demographic = compared(study)
    assert (of_snapshot["n_simulated"], demographic["n_simulated"]) == (3, 0)
    assert demographic["n_people"] == 12


def test_options_out_of_range_are_refused_and_one_job_is_enough(mika: User) -> None:
    study, _ = grouped_study(mika, {"woman": 1, "man": 1})
    for wrong in ({"margin": 0.0}, {"least_people": 1}, {"colour": "red"}):
        with pytest.raises(InvalidInput):
            start_comparing_groups(study=study, options=wrong)
    first = start_comparing_groups(study=study, options=DEFAULTS, user=mika)
    assert start_comparing_groups(study=study, options={}) == first
    assert Job.objects.filter(kind="compare_groups").count() == 1


def test_a_study_of_one_cohort_and_no_answers_has_no_groups(mika: User) -> None:
    study, people = grouped_study(mika, {"woman": 2}, n_stimuli=1)
    people["woman"][1].cohort = "north"
    people["woman"][1].save()
    of_snapshot, demographic = compared(study)
    assert (of_snapshot["groupings"], demographic["groupings"]) == ([], [])
