"""The pages Groups, Compare and Planning: what they show, to whom, and that small groups are on none of them."""

import csv
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.over_snapshots.planning import PLANNING
from analysis.planning_page import preview
from analysis.services.analyse_snapshot import store_analysis
from analysis.services.compare_groups import store_groups
from analysis.services.compare_sides import store_comparison
from analysis.services.refresh_statistics import refresh_statistics
from analysis.services.top_up import top_up_study
from annotation.models import DemographicSettings, Membership, Study
from annotation.services.pay_plan import set_plan
from annotation.services.top_up import set_top_up, top_up_use
from annotation.services.withdraw import withdraw_participation
from jobs.models import Job
from tests.analysis.grouped_study import grouped_study
from tests.conftest import make_study, make_user

pytestmark = pytest.mark.django_db


def no_progress(done: int, total: int, message: str) -> None: ...


def page_of(client: Client, study: Study, name: str, status: int = 200, **state: Any) -> str:
    response = client.get(f"/studies/{study.slug}/{name}", state)
    assert response.status_code == status
    return response.content.decode()


def table_of(client: Client, study: Study, name: str, **state: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(page_of(client, study, name, **state))))


def test_groups_are_compared_by_a_job_and_shown_pair_by_pair(client: Client, mika: User) -> None:
    study, _ = grouped_study(mika, {"woman": 10, "man": 10})
    refresh_statistics(wait=True)
    client.force_login(mika)
    assert "Nothing compared yet" in page_of(client, study, "groups")
    answer = client.post(f"/studies/{study.slug}/groups", {"margin": "5", "least_people": "5"})
    assert (answer.status_code, Job.objects.get(kind="compare_groups").state) == (302, Job.QUEUED)
    store_groups(study=study, options={}, progress=no_progress)
    Job.objects.update(state=Job.DONE)
    cohorts = page_of(client, study, "groups")
    assert "north · south" in cohorts
    gender = page_of(client, study, "groups", by="gender")
    assert "woman · man" in gender or "man · woman" in gender
    assert "they differ" in gender
    assert "What people said about themselves, under their own consent" in gender
    rows = table_of(client, study, "groups.csv", by="gender")
    assert {row["kind"] for row in rows} >= {"gap", "between", "difference", "krippendorff_alpha"}
    assert table_of(client, study, "groups.csv", by="cohort")[0]["first"] == "north"


def test_a_group_that_became_too_small_is_shown_no_more_though_it_was_stored(client: Client, mika: User) -> None:
    study, people = grouped_study(mika, {"woman": 6, "man": 6})
    store_groups(study=study, options={}, progress=no_progress)
    client.force_login(mika)
    assert "gender" in page_of(client, study, "groups")
    DemographicSettings.objects.update(least_group=7)
    assert "by=gender" not in page_of(client, study, "groups")
    assert table_of(client, study, "groups.csv", by="gender")[0]["first"] == "north"
    DemographicSettings.objects.update(least_group=5)
    for person in people["man"][:2]:
        withdraw_participation(participation=person)
    hidden = page_of(client, study, "groups", by="gender")
    assert "by=gender" not in hidden
    assert "taken answers back since" in hidden


@pytest.mark.parametrize("given", [{"margin": "much"}, {"margin": "0", "least_people": "5"}, {"least_people": "1"}, {}])
def test_numbers_that_are_none_are_refused(client: Client, mika: User, given: dict[str, str]) -> None:
    study = make_study(mika)
    client.force_login(mika)
    answer = client.post(
        f"/studies/{study.slug}/groups", {"margin": "5", "least_people": "5", **given} if given else {}
    )
    assert answer.status_code == 400
    assert "Nothing was" in answer.content.decode()


def test_a_comparison_is_found_again_by_its_link(client: Client, mika: User) -> None:
    study, _ = grouped_study(mika, {"woman": 6}, n_stimuli=24)
    refresh_statistics(wait=True)
    first = list(study.stimuli.order_by("rank").values_list("pk", flat=True)[:12])
    study.stimuli.filter(pk__in=first).update(source_dataset="EmoSet")
    client.force_login(mika)
    form = {"what": "sources", "first": "EmoSet", "second": "made for a test", "labels": "polarity", "margin": "5"}
    answer = client.post(f"/studies/{study.slug}/compare", form)
    state = {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}
    job = Job.objects.get(kind="compare_sides")
    store_comparison(study=study, options=job.arguments["options"], progress=no_progress)
    Job.objects.update(state=Job.DONE)
    page = page_of(client, study, "compare", **state)
    assert "EmoSet · made for a test" in page
    assert "no image in common" in page
    assert "6 people answered on both sides" in page
    assert {row["part"] for row in table_of(client, study, "compare.csv", **state)} == {"everything", "shared"}
    assert "Not computed yet" in page_of(client, study, "compare", **{**state, "margin": "7"})
    assert table_of(client, study, "compare.csv") == []


def test_another_study_is_compared_with_only_by_who_may_see_it(client: Client, mika: User, ada: User) -> None:
    one, _ = grouped_study(mika, {"woman": 6})
    two, _ = grouped_study(ada, {"man": 6})
    state = {"what": "studies", "other": two.slug, "labels": "same", "margin": "5", "simulated": "yes"}
    client.force_login(mika)
    assert two.slug not in page_of(client, one, "compare", status=400, **{**state, "other": "no-such-study"})
    refused = page_of(client, one, "compare", status=400, **state)
    assert "Choose another study whose results you may see" in refused
    assert client.post(f"/studies/{one.slug}/compare", state).status_code == 400
    assert not Job.objects.exists()
    store_comparison(study=one, options={"what": "studies", "other": two.slug}, progress=no_progress)
    assert table_of(client, one, "compare.csv", **state) == []
    Membership.objects.create(study=two, user=mika, role=Membership.RESEARCHER)
    page = page_of(client, one, "compare", **state)
    assert "Before you read on" in page
    assert len(table_of(client, one, "compare.csv", **state)) > 9


def test_planning_starts_from_what_is_usual_and_then_from_the_studys_answers(client: Client, mika: User) -> None:
    study, _ = grouped_study(mika, {"woman": 6, "man": 6})
    set_plan(study=study, reward=150, images_per_reward=10)
    refresh_statistics(wait=True)
    client.force_login(mika)
    assert "Read them in" in page_of(client, study, "planning")
    assert client.post(f"/studies/{study.slug}/planning").status_code == 302
    store_analysis(study=study, analysis=PLANNING, options={}, progress=no_progress)
    Job.objects.update(state=Job.DONE)
    page = page_of(client, study, "planning", width="0.50", least="6", most="20")
    assert "From the study&#x27;s own answers" in page or "From the study's own answers" in page
    assert "GBP" in page
    assert 'value="20"' in page
    for wrong in ({"n_images": "1"}, {"share": "all"}, {"least": "9", "most": "8"}, {"n_people": "2.5"}):
        assert "There is a problem" in page_of(client, study, "planning", status=400, **wrong)
    assert page_of(client, study, "planning", status=404, rehearsal="12345")


def test_the_preview_reckons_as_the_rule_that_runs(client: Client, mika: User) -> None:
    study, _ = grouped_study(mika, {"woman": 6, "man": 6})
    result = store_analysis(study=study, analysis=PLANNING, options={}, progress=no_progress).result
    for width, least, most in ((0.5, 6, 30), (0.3, 13, 20), (0.9, 12, 12)):
        set_top_up(study=study, top_up={"least": least, "most": most, "width": width})
        study.refresh_from_db()
        top_up_study(study)
        use = top_up_use(study)
        needs = next(row["needs"] for row in result["rule"] if row["width"] == width)
        found = preview(needs, least=least, most=most)
        assert use is not None
        assert (found["further"], found["n_known"]) == (use.expected_further, use.n_known)
        assert sum(found[name] for name in ("n_known", "n_will", "n_never")) == use.n_stimuli


def test_pages_ask_few_questions_of_the_database(
    client: Client, mika: User, django_assert_max_num_queries: Any
) -> None:
    study, _ = grouped_study(mika, {"woman": 6, "man": 6})
    store_groups(study=study, options={}, progress=no_progress)
    store_analysis(study=study, analysis=PLANNING, options={}, progress=no_progress)
    client.force_login(mika)
    for name in ("groups", "planning", "compare"):
        with django_assert_max_num_queries(24):
            page_of(client, study, name)


def test_an_annotator_sees_none_of_it(client: Client, mika: User) -> None:
    study = make_study(mika)
    anna = make_user("anna")
    Membership.objects.create(study=study, user=anna, role=Membership.ANNOTATOR)
    client.force_login(anna)
    for name in ("groups", "groups.csv", "planning", "compare", "compare.csv"):
        page_of(client, study, name, status=403)
