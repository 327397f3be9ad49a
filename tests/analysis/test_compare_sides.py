"""Two studies, sources, periods or steps compared, from frozen snapshots."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from analysis.over_snapshots.planning import PLANNING
from analysis.services.analyse_snapshot import store_analysis
from analysis.services.compare_sides import newest_comparison, start_comparison, store_comparison
from annotation.errors import InvalidInput
from annotation.models import Response, Stimulus
from jobs.models import Job
from tests.analysis.grouped_study import grouped_study
from tests.conftest import make_study

pytestmark = pytest.mark.django_db


def no_progress(done: int, total: int, message: str) -> None: ...


def compared(study: Any, **options: Any) -> dict[str, Any]:
    result: dict[str, Any] = store_comparison(study=study, options=options, progress=no_progress).result
    return result


def test_two_studies_with_the_same_images_are_compared_image_by_image(mika: User) -> None:
    one, _ = grouped_study(mika, {"woman": 6})
    two, _ = grouped_study(mika, {"man": 6}, seed=2)
    for here, there in zip(one.stimuli.order_by("rank"), two.stimuli.order_by("rank"), strict=True):
        Stimulus.objects.filter(pk=there.pk).update(key=here.key)
    found = compared(one, what="studies", other=two.slug)
    assert (found["shared"]["n_shared"], found["n_people_on_both"]) == (12, 0)
    awe = next(row for row, label in zip(found["labels"], found["common_labels"], strict=True) if label["id"] == "awe")
    assert (awe["verdict"], awe["value"] > 0.3) == ("differ", True)
    assert found["second_snapshot"]
    assert found["asked_differently"] == []


def test_two_sources_have_no_image_in_common_and_the_same_people(mika: User) -> None:
    study, _ = grouped_study(mika, {"woman": 6}, n_stimuli=24)
    first = study.stimuli.order_by("rank").values_list("pk", flat=True)[:12]
    study.stimuli.filter(pk__in=list(first)).update(source_dataset="EmoSet")
    found = compared(study, what="sources", first="EmoSet", second="made for a test", labels="polarity")
    assert [label["id"] for label in found["common_labels"]] == ["positive", "negative", "else"]
    assert (found["shared"]["n_shared"], found["n_people_on_both"], found["is_merged"]) == (0, 6, True)
    assert [side["n_stimuli"] for side in found["sides"]] == [12, 12]
    assert found["labels"][0]["verdict"] in ("same", "cannot_tell")
    assert found["shared"]["gap"]["reason"]


def test_periods_are_whole_days_and_may_not_overlap_unnoticed(mika: User) -> None:
    study, _ = grouped_study(mika, {"woman": 6}, n_stimuli=2)
    moment = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
    Response.objects.update(created_at=moment)
    Response.objects.filter(pk=Response.objects.first().pk).update(created_at=datetime(2026, 4, 1, tzinfo=UTC))  # type: ignore[union-attr]
    found = compared(study, what="periods", first="2026-03-01..2026-03-31", second="2026-04-01..2026-04-01")
    assert [side["n_responses"] for side in found["sides"]] == [11, 1]
    assert not found["periods_overlap"]
    assert compared(study, what="periods", first="2026-03-01..2026-03-31", second="2026-03-31..2026-04-01")[
        "periods_overlap"
    ]


def test_answers_in_no_common_label_are_counted_and_not_compared(mika: User) -> None:
    study, _ = grouped_study(mika, {"woman": 6}, n_stimuli=2)
    steps = [{"name": "feeling", "kind": "choice", "options": {"labels": ["awe", "calm", "fear"]}}]
    other = make_study(mika, steps=steps, n_stimuli=1)
    found = compared(
        study, what="studies", other=other.slug, labels="written", mapping="awe = awe\ncalm = contentment | calm"
    )
    assert found["left_out"][0]["n_responses"] > 0
    assert "Fear" in found["left_out"][0]["labels"]
    assert {"question", "steps"} & set(found["asked_differently"])
    assert found["sides"][1]["n_responses"] == 0


@pytest.mark.parametrize(
    "options",
    [
        {"what": "studies", "other": ""},
        {"what": "sources", "first": "a", "second": "a"},
        {"what": "periods", "first": "yesterday", "second": "2026-01-01..2026-01-02"},
        {"what": "periods", "first": "2026-02-01..2026-01-02", "second": "2026-01-01..2026-01-02"},
        {"what": "periods", "first": "2026-02-01..9999-12-31", "second": "2026-01-01..2026-01-02"},
        {"colour": "red"},
    ],
)
def test_what_cannot_be_compared_is_refused_before_a_job_starts(mika: User, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="Nothing was"):
        start_comparison(study=make_study(mika), options=options)
    assert not Job.objects.exists()


def test_what_only_the_data_can_tell_is_refused_by_the_job(mika: User) -> None:
    study = make_study(mika)
    for options in (
        {"what": "sources", "first": "nowhere", "second": "made for a test"},
        {"what": "steps", "first": "emotion", "second": "mood"},
        {"what": "weather", "first": "a", "second": "b"},
        {"what": "studies", "other": "no-such-study"},
    ):
        with pytest.raises(InvalidInput, match="Nothing was compared"):
            compared(study, **options)


def test_a_result_is_found_by_its_whole_state_only(mika: User) -> None:
    study, _ = grouped_study(mika, {"woman": 6}, n_stimuli=2)
    study.stimuli.filter(pk=study.stimuli.first().pk).update(source_dataset="EmoSet")  # type: ignore[union-attr]
    options = {"what": "sources", "first": "EmoSet", "second": "made for a test"}
    kept = store_comparison(study=study, options=options, progress=no_progress)
    assert newest_comparison(study, kept.options) == kept
    assert newest_comparison(study, {**kept.options, "margin": 0.1}) is None


def test_planning_of_a_study_adds_up(mika: User) -> None:
    study, _ = grouped_study(mika, {"woman": 6, "man": 6})
    result = store_analysis(study=study, analysis=PLANNING, options={}, progress=no_progress).result
    assert (result["n_responses"], result["n_people"], result["responses_per_stimulus"]) == (144, 12, 12)
    assert all(sum(n for _, _, n in row["needs"]) == 12 for row in result["rule"])
    awe = next(label for label in result["labels"] if label["id"] == "awe")
    assert awe["of_people"] > awe["of_images"]  # women and men differ, images do not
    widths = [row["mean"] for row in result["widths"]]
    assert widths == sorted(widths, reverse=True)
    empty = store_analysis(study=make_study(mika), analysis=PLANNING, options={}, progress=no_progress).result
    assert (empty["n_responses"], empty["widths"], empty["agreement"]["value"]) == (0, [], None)
