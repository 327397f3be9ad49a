"""The numbers of a rehearsal's report, against sums made by hand and statsmodels' Wilson interval."""

from typing import Any

import pytest

from analysis.services.rehearsal_report import quantiles, rehearsal_report, report_rows, widths
from analysis.services.rehearse import default_options
from analysis.statistics.wilson import wilson_interval
from annotation.services.caps import set_limits
from annotation.services.rehearse_study import FINISHED, LEFT_EARLY, NOT_DONE, Rehearsed, Worker
from annotation.simulator.rehearsal import PER_PERSON, RehearsalOptions
from tests.conftest import make_study


def two_people(**changes: Any) -> Rehearsed:
    """An hour of one who did her part with four answers, half an hour of one who left after two."""
    given: dict[str, Any] = {
        "n_stimuli": 3,
        "n_stimuli_of_study": 3,
        "n_people": 3,
        "wanted": 2,
        "workers": [
            Worker(0.0, last_act=7200.0, worked_seconds=3600.0, n_answers=4, ended=FINISHED),
            Worker(3600.0, last_act=5400.0, worked_seconds=1800.0, n_answers=2, n_skips=1, ended=LEFT_EARLY),
            Worker(9000.0, ended=NOT_DONE),
        ],
        "moments": [900.0, 1800.0, 3600.0, 4000.0, 5400.0, 7200.0],
        "labels": [["awe", "awe"], ["awe", "fear"], ["fear", "fear"]],
        "label_ids": ["awe", "fear"],
    }
    return Rehearsed(**(given | changes))


def test_pay_per_answer_is_paid_to_all_who_answered() -> None:
    report = rehearsal_report(two_people(), RehearsalOptions(n_people=3, wanted=2, reward=0.5, fee_percent=30))
    assert report["cost"] == pytest.approx(
        {"rewards": 3.0, "fee": 0.9, "total": 3.9, "per_response": 0.65, "per_image": 1.3}
    )
    assert report["hourly"]["median"] == pytest.approx(2.0)


def test_pay_per_person_is_paid_to_those_who_did_their_part() -> None:
    options = RehearsalOptions(n_people=3, wanted=2, reward=6.0, paid_per=PER_PERSON, hourly_floor=5.0)
    report = rehearsal_report(two_people(), options)
    assert report["cost"]["total"] == pytest.approx(6.0)
    # 6.00 for one hour, nothing for half an hour
    assert (report["hourly"]["p10"], report["hourly"]["p90"]) == (pytest.approx(0.6), pytest.approx(5.4))
    assert (report["hourly"]["n_below_floor"], report["hourly"]["n_people"]) == (1, 2)


def test_durations_are_hours_from_the_opening() -> None:
    duration = rehearsal_report(two_people(), RehearsalOptions(n_people=3, wanted=2))["duration"]
    assert duration["hours_to_half"] == 1.0
    assert duration["hours_to_90_percent"] == duration["hours_to_all"] == duration["hours_to_last"] == 2.0
    assert sum(row["responses"] for row in duration["pace"]) == 6


def test_an_incomplete_study_says_how_many_people_more() -> None:
    few = two_people(moments=[900.0, 1800.0, 3600.0])
    few.workers[0].n_answers, few.workers[1].n_answers = 2, 1
    report = rehearsal_report(few, RehearsalOptions(n_people=3, wanted=2))
    assert report["duration"]["hours_to_all"] is None
    # one answer per person who agreed, three are missing
    assert (report["responses"]["is_complete"], report["responses"]["more_people_needed"]) == (False, 3)


def test_sums_are_scaled_up_and_times_are_not() -> None:
    whole, part = two_people(), two_people(n_stimuli_of_study=30)
    options = RehearsalOptions(n_people=3, wanted=2, reward=0.5)
    of_all, of_part = rehearsal_report(whole, options), rehearsal_report(part, options)
    assert of_part["cost"]["total"] == pytest.approx(10 * of_all["cost"]["total"])
    assert of_part["people"]["worked"] == 10 * of_all["people"]["worked"]
    assert of_part["responses"]["accepted"] == 60
    for same in ("hours_to_all", "hours_to_half"):
        assert of_part["duration"][same] == of_all["duration"][same]
    assert of_part["hourly"]["median"] == of_all["hourly"]["median"]


def width(count: int, n: int) -> float:
    interval = wilson_interval(count, n)
    assert interval is not None
    return interval[1] - interval[0]


def test_widths_are_wilsons_of_the_leading_label() -> None:
    rows = {row["n"]: row for row in widths(two_people())}
    assert rows[2]["leading_mean"] == pytest.approx((2 * width(2, 2) + width(1, 2)) / 3)
    assert rows[2]["label_mean"] == pytest.approx((2 * (width(2, 2) + width(0, 2)) / 2 + width(1, 2)) / 3)
    assert rows[1]["leading_mean"] == pytest.approx(width(1, 1))
    assert [rows[n]["is_projected"] for n in (1, 2, 3, 4)] == [False, False, True, True]
    assert rows[4]["leading_mean"] == pytest.approx((2 * width(4, 4) + width(2, 4)) / 3)


def test_a_study_without_labels_has_no_widths_and_a_report_all_the_same() -> None:
    plain = two_people(labels=[[], [], []], label_ids=[])
    report = rehearsal_report(plain, RehearsalOptions(n_people=3, wanted=2))
    assert report["widths"] == []
    assert report["responses"]["accepted"] == 6


def test_nobody_came() -> None:
    nobody = two_people(workers=[Worker(5.0)], moments=[], labels=[[], [], []])
    report = rehearsal_report(nobody, RehearsalOptions(n_people=3, wanted=2))
    assert report["cost"]["total"] == 0
    assert report["cost"]["per_response"] is report["hourly"]["median"] is report["duration"]["hours_to_half"] is None
    assert report_rows(report)


def test_quantiles_are_numpys() -> None:
    import numpy as np

    numbers = [3.0, 1.0, 7.5, 2.0, 9.0, 4.0]
    found = quantiles(numbers)
    expected = np.percentile(numbers, [10, 50, 90])
    assert [found["p10"], found["median"], found["p90"]] == pytest.approx(list(expected))


def test_a_budget_that_is_used_up_is_no_lack_of_people() -> None:
    few = two_people(moments=[900.0, 1800.0, 3600.0, 4000.0], most_of_study=4)
    report = rehearsal_report(few, RehearsalOptions(n_people=3, wanted=2))
    responses = report["responses"]
    assert (responses["wanted"], responses["accepted"], responses["share"]) == (4, 4, 1.0)
    assert (responses["is_complete"], responses["more_people_needed"]) == (True, 0)
    assert report["duration"]["hours_to_all"] == report["duration"]["hours_to_last"]


@pytest.mark.django_db
def test_the_form_begins_with_as_many_people_as_the_studys_limits_ask_for() -> None:
    study = make_study(n_stimuli=50)
    assert (default_options(study).most_answers, default_options(study).n_people) == (50, 4)
    study = set_limits(study=study, limits={"most_per_person": 10})
    assert (default_options(study).most_answers, default_options(study).n_people) == (10, 18)
    study = set_limits(study=study, limits={"most_of_study": 50})
    assert default_options(study).n_people == 6
