"""The two analyses over a frozen study: they run by command on small studies, and their results are plain JSON."""

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from annotation.models import Response
from tests.analysis.answers import answered_study
from tests.conftest import make_study

pytestmark = pytest.mark.django_db

VOTES = [["awe", "awe", "fear"], ["fear", "fear", "fear"], ["awe", "anger"]]


def analysed(*words: str) -> Any:
    out = io.StringIO()
    call_command("snapshot_analysis", *words, stdout=out)
    return json.loads(out.getvalue())["result"]


def test_a_small_study_is_told_what_can_be_told_and_why_the_rest_cannot(mika: User) -> None:
    study, _ = answered_study(mika, VOTES)

    found = analysed(study.slug, "disagreement")

    assert found["parts"]["n_answers"] == 8
    # pairs that differ, each answer weighing the same: 2/3 of 3 answers, 0 of 3, 1 of 2
    assert found["parts"]["disagreement"]["value"] == pytest.approx((2 / 3 * 3 + 0 + 2) / 8)
    assert "three answers" in found["parts"]["parts"]["noise"]["reason"]
    assert found["recovery"] is None
    assert found["types"]["n_types"] is None
    assert "type_of" not in found["types"]
    assert [label["id"] for label in found["labels"]][:1] == ["amusement"]


def test_the_asking_of_a_small_study_says_what_is_missing(mika: User) -> None:
    study, _ = answered_study(mika, VOTES)

    found = analysed(study.slug, "asking")

    assert found["n_answers"] == 8
    assert found["place"]["first"]["reason"]
    assert found["carry_over"]["before"]["reason"]
    assert all(slope["reason"] for slope in found["session"]["slopes"])
    assert [one["name"] for one in found["circumstances"]] == ["language", "device"]


def test_the_order_that_was_shown_is_read_with_all_its_labels(mika: User) -> None:
    study, _ = answered_study(mika, VOTES)
    ids = [label["id"] for label in study.parsed_steps[0].labels]
    name = study.parsed_steps[0].name
    Response.objects.update(options_shown={name: list(reversed(ids))})

    found = analysed(study.slug, "asking")

    assert "1 order only" in found["place"]["first"]["reason"]


@pytest.mark.parametrize("name", ["disagreement", "asking"])
def test_a_study_without_answers_is_no_error(mika: User, name: str) -> None:
    found = analysed(make_study(mika).slug, name)
    assert json.dumps(found, allow_nan=False)


def test_a_grouping_that_there_is_not_is_refused(mika: User) -> None:
    study, _ = answered_study(mika, VOTES)
    with pytest.raises(CommandError, match="grouping must be one of cohort, language"):
        analysed(study.slug, "disagreement", "--option", 'grouping="shoe size"')
