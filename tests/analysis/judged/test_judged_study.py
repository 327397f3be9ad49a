"""From texts to a study that judges them, three people, and what it says."""

import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from analysis.models import AnalysisResult, JudgedStudy
from analysis.over_snapshots.judged import Judgement, _monitored
from analysis.over_snapshots.snapshot_analysis import no_progress
from analysis.report.as_markdown import markdown_text
from analysis.services.make_judged_study import machine_texts_of_file, make_judged_study
from analysis.services.withdrawn_trials import empty_withdrawn_trials
from analysis.services.write_report import report_of_study
from annotation.errors import InvalidInput, InvalidRows
from annotation.models import Assignment, Participation, Response, Stimulus, Study
from annotation.services.assign import assign_ahead, nothing_left
from annotation.services.change_state import change_state
from annotation.services.create_study import create_study
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.services.join_study import join_study
from annotation.services.offers import next_offers
from annotation.services.submit_response import submit_response
from annotation.services.withdraw import withdraw_response
from tests.analysis.answers import answered_study
from tests.conftest import annotator_client, consent_hash, make_participation, respond

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
VOTES = [["awe", "fear", "awe"], ["fear", "fear", "awe"], ["awe", "awe", "awe"], ["fear", "awe", "fear"]]


@pytest.fixture
def source(mika: User) -> Study:
    study, stimuli = answered_study(mika, VOTES)
    for number, stimulus in enumerate(stimuli):
        Stimulus.objects.filter(pk=stimulus.pk).update(image_sha256=f"{number:064x}")
    return study


def machines(source: Study, *variants: str) -> dict[str, dict[str, str]]:
    return {row.key: {name: f"{name} words on {row.pk}" for name in variants} for row in source.stimuli.all()}


def turing(source: Study, mika: User, **more: Any) -> Study:
    given = {"design": "turing", "machines": machines(source, "default"), "seed": 3, "title": "Who wrote this?", **more}
    return change_state(study=make_judged_study(source=source, user=mika, **given), state=Study.OPEN)


def judge(study: Study, person: Participation, pick: Callable[[list[str]], str]) -> int:
    """Answers everything she is lent; pick: from whose the two texts are to her answer. Returns how many."""
    n = 0
    while held := assign_ahead(participation=person, study=study):
        origins = Stimulus.objects.get(study=study, key=held[0].stimulus_key).metadata["origins"]["verdict"]
        submit_response(
            study=study,
            participation=person,
            assignment_id=held[0].id,
            client_key=uuid.uuid4(),
            answers={"verdict": pick(origins)},
        )
        n += 1
    return n


def letter_of(origins: list[str], wanted_human: bool) -> str:
    return "ab"[[origin == "human" for origin in origins].index(wanted_human)]


def test_three_people_judge_and_the_report_counts_whose_text_they_chose(source: Study, mika: User) -> None:
    study = turing(source, mika)
    assert study.limits["most_per_person"] == 50
    picks: list[Callable[[list[str]], str]] = [
        lambda origins: letter_of(origins, True),
        lambda origins: letter_of(origins, False),
        lambda _: "both",
    ]
    for pick in picks:
        assert judge(study, make_participation(study), pick) == 4

    out = io.StringIO()
    call_command("snapshot_analysis", study.slug, "judged", stdout=out)
    found = json.loads(out.getvalue())["result"]
    default = found["variants"]["default"]
    shares = {
        name: round(default[name]["value"], 6) for name in ("both", "network_only", "human_only", "none", "passes")
    }
    assert shares == {"both": 0.333333, "network_only": 0.333333, "human_only": 0.333333, "none": 0, "passes": 0.666667}
    assert (found["n_judgements"], found["n_trials"], found["n_images"], found["n_judges"]) == (12, 4, 4, 3)
    assert default["monitored"]["n"] == 3  # each person once, each image once
    assert default["monitored"]["low"] < default["monitored"]["high"]


def test_the_page_of_whoever_judges_never_tells_whose_a_text_is(source: Study, mika: User) -> None:
    study = turing(source, mika)
    person = make_participation(study)
    browser = annotator_client(person)
    page = browser.get(f"/s/{study.slug}/task").content.decode()
    work = browser.get(f"/api/v1/studies/{study.slug}/work").json()
    offers = browser.get(f"/api/v1/studies/{study.slug}/offers").json()
    for said in (page, json.dumps(work), json.dumps(offers)):
        assert "origins" not in said
        assert "human" not in said
    shown = work["held"][0]["stimulus"]["texts"]["verdict"]
    assert len(shown) == 2
    assert any("default words" in text for text in shown)
    answered = browser.post(
        f"/api/v1/studies/{study.slug}/responses",
        {
            "assignment": work["held"][0]["id"],
            "client_key": "11111111-1111-1111-1111-111111111111",
            "answers": {"verdict": "b"},
        },
        content_type="application/json",
    )
    assert answered.status_code == 201, answered.content
    assert "origins" not in answered.content.decode()
    assert len(answered.json()["response"]["stimulus"]["texts"]["verdict"]) == 2


def test_nobody_judges_an_image_that_she_was_asked_about_before(source: Study, mika: User) -> None:
    study = turing(source, mika, machines=machines(source, "default", "pragmatic"))
    assert study.stimuli.count() == 8
    annotator = Participation.objects.filter(study=source).order_by("pk").first()
    assert annotator is not None
    n_annotated = annotator.assignments.filter(state="answered").count()
    assert n_annotated > 0
    judging = join_study(study=study, agreed_hash=consent_hash(study.consent), annotator=annotator.annotator)
    assert judge(study, judging, lambda _: "none") == 4 - n_annotated
    assert nothing_left(participation=judging, study=study)
    # a stranger judges each image once, though there are two trials of it
    stranger = make_participation(study)
    assert judge(study, stranger, lambda _: "a") == 4


def test_whoever_answered_too_late_or_took_her_answer_back_does_not_judge_the_image_either(
    source: Study, mika: User
) -> None:
    study = turing(source, mika)
    annotator = Participation.objects.filter(study=source).order_by("pk").first()
    assert annotator is not None
    late, back = annotator.assignments.filter(state="answered").order_by("pk")[:2]
    Assignment.objects.filter(pk=late.pk).update(state="surplus")
    Response.objects.filter(assignment=late).update(status="surplus")
    withdraw_response(response=Response.objects.get(assignment=back))
    judging = join_study(study=study, agreed_hash=consent_hash(study.consent), annotator=annotator.annotator)
    assert annotator.assignments.count() == 4
    assert judge(study, judging, lambda _: "none") == 0


def test_the_interval_at_every_look_is_wrong_as_seldom_as_it_says_though_people_differ() -> None:
    """Twelve people, of whom some find nearly all texts human and some hardly any, on average half."""
    random, n_wrong, n_runs = np.random.default_rng(2), 0, 120
    for _ in range(n_runs):
        chances = random.beta(1, 1, 12)
        own = [
            Judgement(
                f"trial {place}", f"image {place}", ("human", "default"), "ab"[int(random.random() < chance)], at, who
            )
            for place in range(60)
            for at, (who, chance) in enumerate(zip("abcdefghijkl", chances, strict=True), start=12 * place)
            if random.random() < 0.3
        ]
        looks = [_monitored(own[:n]) for n in range(20, len(own), 40)]
        n_wrong += any(not look["low"] <= 0.5 <= look["high"] for look in looks)
    assert n_wrong / n_runs <= 0.08  # 5 of 100, and what 120 runs leave open


def test_words_that_were_taken_back_are_shown_and_counted_no_more(source: Study, mika: User) -> None:
    study = turing(source, mika)
    judge(study, make_participation(study), lambda _: "both")
    record = freeze_snapshot(study=study)
    assert empty_withdrawn_trials() == 0
    written = Response.objects.filter(study=source).order_by("pk").first()
    assert written is not None
    for response in Response.objects.filter(stimulus_id=written.stimulus_id):
        withdraw_response(response=response)
    assert [empty_withdrawn_trials(), empty_withdrawn_trials()] == [1, 0]
    trial = Stimulus.objects.get(study=study, image_sha256=written.stimulus.image_sha256)
    assert "words on" not in json.dumps(trial.metadata)
    assert trial.open_slots == 0
    record.refresh_from_db()
    assert record.contains_withdrawn
    assert judge(study, make_participation(study), lambda _: "both") == 3
    call_command("snapshot_analysis", study.slug, "judged", stdout=(out := io.StringIO()))
    found = json.loads(out.getvalue())["result"]
    assert (found["n_judgements"], found["n_trials"]) == (6, 3)


def test_work_far_ahead_has_each_image_once(source: Study, mika: User) -> None:
    study = turing(source, mika, machines=machines(source, "default", "grounded", "pragmatic"))
    offered = next_offers(participation=make_participation(study), study=study, n=48)
    images = [offer.image_sha256 for offer in offered]
    assert len(images) == len(set(images)) == 4


def test_preferences_become_strengths_and_plausibility_a_mean(source: Study, mika: User) -> None:
    study = turing(source, mika, design="preference", machines=machines(source, "default", "pragmatic"))
    for number in range(4):
        judge(
            study,
            make_participation(study),
            lambda origins, number=number: "ab"[origins.index("pragmatic" if number else "default")],
        )
    out = io.StringIO()
    call_command("snapshot_analysis", study.slug, "judged", stdout=out)
    found = json.loads(out.getvalue())["result"]
    strengths = {name: one["strength"]["value"] for name, one in found["variants"].items()}
    assert strengths["pragmatic"] > 0 > strengths["default"]
    assert sum(found["variants"]["pragmatic"]["wins"]) == 8  # of two of the three people that the study wants

    study = turing(source, mika, design="plausibility")
    for _ in range(4):  # of whom three at most get the same text of an image
        judge(study, make_participation(study), lambda origins: "5" if origins == ["human"] else "2")
    call_command("snapshot_analysis", study.slug, "judged", stdout=(out := io.StringIO()))
    found = json.loads(out.getvalue())["result"]
    assert {name: one["mean"]["value"] for name, one in found["variants"].items()} == {"default": 2.0, "human": 5.0}


def test_the_same_texts_and_seed_give_the_same_study(source: Study, mika: User) -> None:
    first, second = (turing(source, mika) for _ in range(2))
    assert set(first.stimuli.values_list("key", flat=True)) == set(second.stimuli.values_list("key", flat=True))


def test_a_study_without_texts_does_not_open(mika: User) -> None:
    study = create_study(title="Empty", template="emotional_turing_test", user=mika)
    Stimulus.objects.create(study=study, key="k", name="lake.jpg", rank=1, wanted=3, open_slots=3)
    with pytest.raises(InvalidInput, match=r"lake\.jpg has no text for the step verdict"):
        change_state(study=study, state=Study.OPEN)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"design": "lottery"}, "no design 'lottery'"),
        ({"seed": -1}, "seed: got -1"),
        ({"machines": {"nowhere": {"default": "x"}}}, "None of the texts belongs to an image"),
        ({"design": "preference"}, "at least one image needs the texts of two"),
    ],
)
def test_what_cannot_be_judged_is_said_and_makes_nothing(
    source: Study, mika: User, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidInput, match=says):
        turing(source, mika, **given)
    assert Study.objects.count() == 1
    assert not JudgedStudy.objects.exists()


def test_texts_come_from_a_file_and_every_bad_row_is_named(source: Study, tmp_path: Path, mika: User) -> None:
    one, other = source.stimuli.order_by("pk")[:2]
    file = tmp_path / "written.csv"
    file.write_text(f"stimulus,variant,text\n{one.key},default,a calm lake\n{other.name},default,a dark wood\n")
    assert machine_texts_of_file(source, file) == {
        one.key: {"default": "a calm lake"},
        other.key: {"default": "a dark wood"},
    }
    file.write_text(f"stimulus,variant,text\nnowhere,default,x\n{one.key},human,x\n{one.key},default,\n")
    with pytest.raises(InvalidRows, match=r"Row 2, stimulus: 'nowhere' is no image.*Row 3, variant.*Row 4, text"):
        machine_texts_of_file(source, file)
    file.write_text("stimulus,text\nx,y\n")
    with pytest.raises(CommandError, match="no column 'variant'"):
        call_command("make_judged_study", source.slug, "--texts", str(file))


def test_the_command_makes_a_draft(source: Study, tmp_path: Path, mika: User) -> None:
    file = tmp_path / "written.csv"
    rows = [f"{row.key},default,words on {row.pk}" for row in source.stimuli.all()]
    file.write_text("\n".join(["stimulus,variant,text", *rows]))
    out = io.StringIO()
    call_command("make_judged_study", source.slug, "--texts", str(file), "--manager", "mika", stdout=out)
    study = Study.objects.get(slug=out.getvalue().split(":")[0])
    assert study.state == Study.DRAFT
    assert study.stimuli.count() == 4
    assert JudgedStudy.objects.get(pk=study.pk).source_id == source.pk


def test_the_page_shows_the_shares_with_the_papers_beside(source: Study, mika: User, sign_in: SignIn) -> None:
    study = turing(source, mika)
    judge(study, make_participation(study), lambda _: "both")
    judge(study, make_participation(study), lambda origins: letter_of(origins, True))
    client, address = sign_in(mika), f"/studies/{study.slug}/judged"
    assert "Not counted yet" in client.get(address).content.decode()
    call_command("snapshot_analysis", study.slug, "judged", stdout=io.StringIO())
    page = client.get(address).content.decode()
    assert "Who passes for a person" in page
    assert "15.6 %" in page
    assert "8 judgements of 4 trials on 4 images by 2 people" in page
    # each trial with its image and both texts, and now, to whoever reads results, whose they were
    assert "Where the network passed most often" in page
    assert page.count("1 of 2 judgements") == 4
    assert page.count("default words on") == page.count("it looks like") == 4
    csv = client.get(f"{address}/passing.csv").content.decode().splitlines()
    assert csv[1].startswith("default,8,4,0.5,")
    result = AnalysisResult.objects.get()
    assert result.name == "judged"
    written = report_of_study(study=study, snapshot_id=result.snapshot_id, progress=no_progress, chapters=())
    text = markdown_text(written.report)
    assert "Who passes for a person" in text
    assert "| default | 8 | 50.0 %" in text
    assert "agreement between labels" not in text
    made = client.get(f"/studies/{source.slug}/judged").content.decode()
    assert f"/studies/{study.slug}/judged" in made
    assert "No speaker yet" in made
    assert client.post(f"/studies/{source.slug}/judged", {}).status_code == 403


def test_who_answers_an_ordinary_study_notices_nothing(study: Study, anna: Participation) -> None:
    work = annotator_client(anna).get(f"/api/v1/studies/{study.slug}/work").json()
    assert "texts" not in work["held"][0]["stimulus"]
    assert respond(anna).answers["emotion"] == "awe"
