"""The pages of care: its settings and report, the mood, the themes, the way out, and taking back."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.care.report import care_report
from annotation.care.themes import decline_themes
from annotation.care.uses import note_use
from annotation.errors import InvalidInput
from annotation.models import CareUse, MoodAnswer, OthersSeen, Participation, Stimulus, Study
from annotation.services.assign import assign_ahead
from annotation.services.change_state import change_state
from annotation.services.create_study import update_study
from annotation.services.import_stimuli import import_manifest
from annotation.services.skip_assignment import skip_assignment
from annotation.services.withdraw import withdraw_participation
from tests.conftest import annotator_client, make_participation, make_study, respond

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
FORM = {
    "strong_from": "0.5",
    "least_responses": "5",
    "others_between_strong": "2",
    "help-TOTAL_FORMS": "1",
    "help-INITIAL_FORMS": "0",
}


def page_of(study: Study, name: str = "care") -> str:
    return f"/studies/{study.slug}/{name}"


def test_a_manager_sets_care_on_its_page(study: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    given = {
        **FORM,
        "content_note": "Some images show *blood*.",
        "blur_strong": "on",
        "most_strong_per_hour": "4",
        "debriefing": "Thank you. Be **kind** to yourself.",
        "help-0-name": "Listening ear",
        "help-0-phone": "+44 (0)116 123",
        "help-0-place": "English, day and night",
    }
    assert client.post(page_of(study), given).status_code == 302
    study.refresh_from_db()
    assert study.care == {
        "content_note": "Some images show *blood*.",
        "blur_strong": True,
        "most_strong_per_hour": 4,
        "others_between_strong": 2,
        "debriefing": "Thank you. Be **kind** to yourself.",
        "help_lines": [
            {"name": "Listening ear", "phone": "+44 (0)116 123", "url": "", "place": "English, day and night"}
        ],
    }
    page = client.get(page_of(study)).content.decode()
    assert "Listening ear" in page
    assert "<em>blood</em>" in page
    emptied = {**FORM, "help-INITIAL_FORMS": "1", "help-0-name": ""}
    client.post(page_of(study), emptied)
    study.refresh_from_db()
    assert study.care == {"others_between_strong": 2}


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_saved(study: Study, mika: User, sign_in: SignIn) -> None:
    given = {**FORM, "strong_from": "2", "help-0-name": "Nobody"}
    answered = sign_in(mika).post(page_of(study), given)
    assert answered.status_code == 422
    assert "less than or equal to 1" in answered.content.decode()
    answered = sign_in(mika).post(page_of(study), {**given, "strong_from": "0.5"})
    assert "needs a phone number or a web address" in answered.content.decode()
    study.refresh_from_db()
    assert study.care == {}


def test_a_researcher_reads_the_report_and_changes_nothing(study: Study, rosa: User, sign_in: SignIn) -> None:
    client = sign_in(rosa)
    page = client.get(page_of(study)).content.decode()
    assert "How it was used" in page
    assert 'name="content_note"' not in page
    assert client.post(page_of(study), FORM).status_code == 403


def test_care_is_set_over_the_api(study: Study, mika: User, sign_in: SignIn) -> None:
    client, url = sign_in(mika), f"/api/v1/studies/{study.slug}"
    body = client.patch(url, json.dumps({"care": {"break_images": 25}}), content_type="application/json").json()
    assert body["care"]["break_images"] == 25
    assert body["care"]["blur_strong"] is False
    refused = client.patch(url, json.dumps({"care": {"break_images": "often"}}), content_type="application/json")
    assert refused.status_code == 400
    assert "break_images" in refused.json()["errors"]
    assert client.patch(url, json.dumps({"care": 3}), content_type="application/json").status_code == 400


def test_an_image_is_rated_on_its_page_and_over_the_api(study: Study, mika: User, sign_in: SignIn) -> None:
    stimulus, client = Stimulus.objects.filter(study=study)[0], sign_in(mika)
    given = {"content_note": "a dead bird", "themes": "Animals; death", "strength": "0.8", "page": "1"}
    answered = client.post(page_of(study, f"stimuli/{stimulus.pk}/care"), given)
    assert answered.url.endswith("/stimuli?page=1")  # type: ignore[attr-defined]
    stimulus.refresh_from_db()
    assert (stimulus.content_note, stimulus.themes, stimulus.strength_rated) == (
        "a dead bird",
        ["animals", "death"],
        0.8,
    )
    url = f"/api/v1/studies/{study.slug}/stimuli/{stimulus.pk}/care"
    body = client.patch(url, json.dumps({"strength": None}), content_type="application/json").json()
    assert (body["strength"], body["content_note"]) == (None, "a dead bird")
    client.post(page_of(study, f"stimuli/{stimulus.pk}/care"), {"strength": "3"})
    assert "is no strength" in client.get(page_of(study, "stimuli")).content.decode()


def test_a_manifest_carries_note_themes_and_strength(study: Study, tmp_path: Any) -> None:
    file = tmp_path / "stimuli.csv"
    file.write_text('name,content_note,themes,strength,valence\none,a dead bird,"Death; birds",0.8,2.1\ntwo,,,,5\n')
    import_manifest(study=study, path=file)
    one, two = (Stimulus.objects.get(study=study, name=name) for name in ("one", "two"))
    assert (one.content_note, one.themes, one.strength_rated) == ("a dead bird", ["birds", "death"], 0.8)
    assert one.metadata == {"valence": "2.1"}
    assert (two.content_note, two.themes, two.strength_rated) == ("", [], None)
    file.write_text("name,strength\nthree,strong\nfour,0.5\n")
    with pytest.raises(InvalidInput) as refused:
        import_manifest(study=study, path=file)
    [problem] = refused.value.details["rows"]
    assert (problem["row"], problem["field"]) == (2, "strength")
    assert "'strong' is no strength" in problem["message"]


# those who take part


@pytest.fixture
def caring(mika: User) -> Study:
    care = {
        "content_note": "Some images show *blood*.",
        "theme_opt_out": True,
        "ask_mood": True,
        "debriefing": "We studied **fear**.",
        "help_lines": [{"name": "Listening ear", "phone": "+44 (0)116 123", "url": "https://example.org", "place": ""}],
    }
    study = make_study(mika, care=care)
    Stimulus.objects.filter(study=study, name="picture_1.jpg").update(themes=["spiders"])
    return study


def test_the_content_note_stands_before_the_consent(caring: Study) -> None:
    page = Client().get(f"/s/{caring.slug}/").content.decode()
    assert 0 < page.index("<em>blood</em>") < page.index("Before you begin") < page.index("I agree")


def test_mood_is_asked_once_before_and_once_after_and_may_be_passed_over(caring: Study) -> None:
    person = make_participation(caring)
    client, mood = annotator_client(person), f"/s/{caring.slug}/mood"
    assert mood in client.get(f"/s/{caring.slug}/instructions").content.decode()
    assert client.post(mood, {"valence": "6"}).status_code == 400
    assert client.post(mood, {"valence": "4"}).url.endswith("/task")  # type: ignore[attr-defined]
    assert mood not in client.get(f"/s/{caring.slug}/instructions").content.decode()
    assert client.get(mood).status_code == 302
    assert "How do you feel now" not in client.get(f"/s/{caring.slug}/end").content.decode()
    respond(person)
    assert "How do you feel now" in client.get(f"/s/{caring.slug}/end").content.decode()
    answered = client.post(mood, {"skip": "yes", "valence": "1", "from": "debriefing"})
    assert answered.url.endswith("/debriefing")  # type: ignore[attr-defined]
    assert "How do you feel now" not in client.get(f"/s/{caring.slug}/end").content.decode()
    assert set(MoodAnswer.objects.values_list("moment", "valence", "arousal")) == {
        ("before", 4, None),
        ("after", None, None),
    }


def test_themes_are_chosen_on_the_instructions_page_and_under_help(caring: Study) -> None:
    person = make_participation(caring)
    client = annotator_client(person)
    assert 'value="spiders"' in client.get(f"/s/{caring.slug}/instructions").content.decode()
    client.post(f"/s/{caring.slug}/themes", {"theme": "spiders"})
    person.refresh_from_db()
    assert person.care["declined"] == ["spiders"]
    page = client.get(f"/s/{caring.slug}/task").content.decode()
    assert 'value="spiders" checked' in page
    url = f"/api/v1/studies/{caring.slug}/declined-themes"
    assert client.get(url).json() == {"themes": ["spiders"], "declined": ["spiders"]}
    assert client.put(url, json.dumps({"themes": []}), content_type="application/json").json()["n_images"] == 0
    refused = client.put(url, json.dumps({"themes": ["ghosts"]}), content_type="application/json")
    assert refused.status_code == 400


def test_stop_leads_to_debriefing_help_lines_and_the_code(caring: Study) -> None:
    person = make_participation(caring)
    client = annotator_client(person)
    assert f"/s/{caring.slug}/debriefing?stopped" in client.get(f"/s/{caring.slug}/task").content.decode()
    page = client.get(f"/s/{caring.slug}/debriefing?stopped").content.decode()
    assert "<strong>fear</strong>" in page
    assert 'href="tel:+44116123"' in page
    assert caring.completion_code not in page
    respond(person)
    page = client.get(f"/s/{caring.slug}/debriefing").content.decode()
    assert caring.completion_code in page
    assert person.withdrawal_code in page
    assert "Go on with the images" in page
    assert CareUse.objects.get(participation=person).kind == "stopped"


def test_the_task_page_brings_care_only_where_a_study_has_some(study: Study, caring: Study) -> None:
    without = annotator_client(make_participation(study)).get(f"/s/{study.slug}/task").content.decode()
    assert "care.js" not in without
    assert "care-veil" not in without
    within = annotator_client(make_participation(caring)).get(f"/s/{caring.slug}/task").content.decode()
    assert "js/care" in within


def test_an_image_says_what_must_come_before_it(mika: User) -> None:
    study = make_study(mika, n_stimuli=3, care={"blur_strong": True})
    names = {"picture_0.jpg": {"strength_rated": 0.9}, "picture_1.jpg": {"content_note": "a dead bird"}}
    for name, given in names.items():
        Stimulus.objects.filter(study=study, name=name).update(**given)
    update_study(study=study, care={"strong_from": 0.6})
    person = make_participation(study)
    faces = {}
    while held := annotator_client(person).get(f"/api/v1/studies/{study.slug}/work").json()["held"]:
        faces[held[0]["stimulus"]["name"]] = held[0]["stimulus"]["care"]
        respond(person)
    assert faces == {
        "picture_0.jpg": {"note": "", "veiled": True},
        "picture_1.jpg": {"note": "a dead bird", "veiled": True},
        "picture_2.jpg": None,
    }


# the report


def use_of(study: Study, kind: str) -> tuple[int | None, int | None]:
    [use] = [use for use in care_report(study).uses if use.kind == kind]
    return use.people, use.times


def test_fewer_than_five_people_are_not_counted(caring: Study) -> None:
    people = [make_participation(caring) for _ in range(5)]
    for person in people[:4]:
        note_use(person, "revealed")
        decline_themes(study=caring, participation=person, themes=["spiders"])
        MoodAnswer.objects.create(participation=person, moment="before", valence=2, arousal=4)
    assert use_of(caring, "revealed") == (None, None)
    assert use_of(caring, "break_taken") == (0, 0)
    note_use(people[4], "revealed")
    note_use(people[4], "revealed")
    decline_themes(study=caring, participation=people[4], themes=["spiders"])
    MoodAnswer.objects.create(participation=people[4], moment="before", valence=4, arousal=4)
    report = care_report(caring)
    assert use_of(caring, "revealed") == (5, 6)
    assert [(theme.title, theme.people) for theme in report.themes] == [("spiders", 5)]
    assert report.moods[0] == {"moment": "before", "asked": 5, "answered": 5, "valence": 2.4, "arousal": 4.0}
    assert report.moods[1]["answered"] == 0


def test_not_this_one_is_counted_apart_from_other_reasons_to_pass_over(caring: Study) -> None:
    for number in range(5):
        person = make_participation(caring)
        for reason in ("not_this_one", "image_did_not_load") if number else ("image_did_not_load",):
            [held, *_] = assign_ahead(participation=person, study=caring)
            skip_assignment(participation=person, assignment_id=held.id, reason=reason)
    assert use_of(caring, "skipped") == (5, 9)
    assert use_of(caring, "not_this_one") == (None, None)  # four people
    assert use_of(caring, "skipped_upsetting") == (0, 0)


def test_a_mean_of_few_answers_is_not_said_even_where_many_were_asked(caring: Study) -> None:
    for number in range(6):
        MoodAnswer.objects.create(
            participation=make_participation(caring), moment="after", valence=3, arousal=1 if number == 0 else None
        )
    after = care_report(caring).moods[1]
    assert (after["answered"], after["valence"], after["arousal"]) == (6, 3.0, None)


def test_the_report_is_the_same_over_the_api(caring: Study, mika: User, sign_in: SignIn) -> None:
    for _ in range(5):
        note_use(make_participation(caring), "stopped")
    body = sign_in(mika).get(f"/api/v1/studies/{caring.slug}/care-report").json()
    assert body["n_people"] == 5
    assert {use["kind"]: use["people"] for use in body["uses"]}["stopped"] == 5


def test_a_use_that_does_not_exist_is_not_counted(caring: Study) -> None:
    client = annotator_client(make_participation(caring))
    url = f"/api/v1/studies/{caring.slug}/care-uses"
    assert client.post(url, json.dumps({"kind": "revealed"}), content_type="application/json").status_code == 200
    assert client.post(url, json.dumps({"kind": "cried"}), content_type="application/json").status_code == 400
    assert list(CareUse.objects.values_list("kind", "n")) == [("revealed", 1)]


def test_taking_everything_back_takes_moods_choices_and_uses_along(caring: Study) -> None:
    person = make_participation(caring)
    response = respond(person)
    OthersSeen.objects.create(response=response)
    MoodAnswer.objects.create(participation=person, moment="before", valence=2)
    note_use(person, "revealed")
    decline_themes(study=caring, participation=person, themes=["spiders"])
    withdraw_participation(participation=person)
    assert not MoodAnswer.objects.exists()
    assert not CareUse.objects.exists()
    assert not OthersSeen.objects.exists()
    assert Participation.objects.get(pk=person.pk).care == {}


# taking back, now or later


def test_every_page_on_the_way_says_how_to_come_back(caring: Study) -> None:
    back = f'href="/s/{caring.slug}/return"'
    assert back in Client().get(f"/s/{caring.slug}/").content.decode()
    person = make_participation(caring)
    client = annotator_client(person)
    respond(person)
    for page in ("answers", "end", "debriefing"):
        content = client.get(f"/s/{caring.slug}/{page}").content.decode()
        assert back in content
        assert person.withdrawal_code in content
    change_state(study=caring, state=Study.CLOSED)
    assert back in Client().get(f"/s/{caring.slug}/").content.decode()


def test_the_oldest_answer_can_be_taken_back_too(caring: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotation.views.annotate.ANSWERS_PER_PAGE", 2)
    person = make_participation(caring)
    client = annotator_client(person)
    ids = [respond(person).pk for _ in range(4)]
    first = client.get(f"/s/{caring.slug}/answers").content.decode()
    assert f"?before={ids[2]}" in first
    assert f"/responses/{ids[0]}" not in first
    older = client.get(f"/s/{caring.slug}/answers?before={ids[2]}").content.decode()
    assert f"/responses/{ids[0]}" in older
    assert "?before=" not in older
    assert client.delete(f"/api/v1/studies/{caring.slug}/responses/{ids[0]}").status_code == 200
    assert f"/responses/{ids[0]}" not in client.get(f"/s/{caring.slug}/answers?before={ids[2]}").content.decode()


def test_a_blurred_image_stays_closed_among_her_own_answers(study: Study, mika: User, anna: Participation) -> None:
    response = respond(anna)
    Stimulus.objects.filter(pk=response.stimulus_id).update(is_strong=True, image_sha256="a" * 64)
    page = annotator_client(anna).get(f"/s/{study.slug}/answers").content.decode()
    assert "<summary>" not in page
    update_study(study=study, care={"blur_strong": True})
    Stimulus.objects.filter(pk=response.stimulus_id).update(is_strong=True)
    page = annotator_client(anna).get(f"/s/{study.slug}/answers").content.decode()
    assert page.index("<summary>Look at the image") < page.index("<img")
    assert page.index("</details>") > page.index("<img")
