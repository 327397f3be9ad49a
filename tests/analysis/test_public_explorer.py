"""The public explorer: what it shows, to whom, and above all what it does not."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.test import Client

from analysis.models import PublicExplorer
from analysis.over_snapshots.snapshot_analysis import no_progress
from analysis.services import public_explorer as making
from analysis.services.public_explorer import renew_public_explorers, set_public_explorer
from analysis.services.refresh_statistics import refresh_statistics
from annotation.errors import InvalidInput
from annotation.models import ConsentText, Participation, Response, Stimulus, Study
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.services.remove_simulated import remove_simulated
from annotation.services.withdraw import withdraw_participation, withdraw_response
from jobs.models import Job
from tests.analysis.answers import answer_stimulus, answered_study, people_of_study
from tests.analysis.painted_study import painted_study, work_off
from tests.conftest import make_study

pytestmark = pytest.mark.django_db

VOTES = [["awe"] * 6, ["awe", "awe", "awe", "fear", "fear", "fear"], ["anger", "awe"]]
SECRET = "the words of one person"


def switch_on(study: Study, **changes: Any) -> str:
    record = freeze_snapshot(study=study)
    chosen = {"shows_images": False, "consents": [], "least_responses": 3, "allows_robots": False, **changes}
    set_public_explorer(
        study=study, address="our-lake", snapshot_id=record.snapshot_id, settings=chosen, user=study.created_by
    )
    work_off("make_public")
    assert Job.objects.filter(kind="make_public").latest("pk").state == Job.DONE
    return "/public/our-lake/"


def everything(page: str) -> str:
    """All pages as a stranger without an account reads them, one after the other."""
    stranger = Client()
    texts = []
    images = stranger.get(f"{page}images").content.decode()
    addresses = [page, f"{page}images", f"{page}charts/emotions.csv"]
    addresses += [f"{page}images/{key}" for key in Stimulus.objects.values_list("key", flat=True) if key in images]
    for address in addresses:
        answer = stranger.get(address)
        assert answer.status_code == 200, address
        texts.append(answer.content.decode())
    return "\n".join(texts)


def test_anybody_sees_what_people_felt_and_nobody_who_they_were(mika: User) -> None:
    study, stimuli = answered_study(mika, VOTES)
    Participation.objects.filter(study=study).update(cohort="a very small cohort")
    page = switch_on(study)

    text = everything(page)

    assert "Krippendorff" in text
    assert "/studies/" not in text
    assert "<svg" in text
    assert not re.search(r"<svg[^§]*?<a ", text.replace("</svg>", "§"))  # no way into the study's own pages
    assert stimuli[0].key in text
    assert stimuli[2].key not in text  # two responses only
    for participation in Participation.objects.filter(study=study).select_related("annotator"):
        assert participation.annotator.pseudonym not in text
    assert "a very small cohort" not in text
    assert "it looks like" not in text  # nobody allowed their words to be shown
    assert str(Response.objects.filter(study=study).first().created_at.year) not in text.replace("ArtEmis", "")  # type: ignore[union-attr]
    assert "sessionid" not in Client().get(page).cookies


def test_the_chart_of_an_image_has_all_that_a_paper_needs(mika: User) -> None:
    study, stimuli = answered_study(mika, VOTES)
    page = switch_on(study)
    image = Client().get(f"{page}images/{stimuli[1].key}").content.decode()
    assert 'id="distribution-table"' in image
    assert 'id="distribution-definition"' in image
    assert "6 responses to this image" in image
    assert 'data-figure-file="svg"' in image
    [csv] = re.findall(r'href="([^"]+\.csv[^"]*)"', image)
    rows = Client().get(csv).content.decode()
    assert "awe,3,0.5," in rows
    assert "sadness,0,0.0," in rows
    # of an image that is not shown there is none, nor of another name
    for wrong in (csv.replace(stimuli[1].key, stimuli[2].key), csv.replace("distribution", "emotions")):
        assert Client().get(wrong).status_code == 404


def test_words_are_shown_of_those_only_whose_consent_allows_it(mika: User) -> None:
    study, stimuli = answered_study(mika, VOTES)
    consent = ConsentText.objects.get(study=study)
    first, second = Response.objects.filter(stimulus=stimuli[0]).order_by("pk")[:2]
    Response.objects.filter(pk=first.pk).update(
        answers={"emotion": "awe", "explanation": SECRET}, consent_hash=consent.hash
    )
    Response.objects.filter(pk=second.pk).update(answers={"emotion": "awe", "explanation": "not to be shown"})

    assert SECRET not in everything(switch_on(study))
    text = everything(switch_on(study, consents=[consent.hash]))
    assert SECRET in text
    assert "not to be shown" not in text


def test_small_counts_are_not_told(mika: User) -> None:
    study, _ = answered_study(mika, [["awe"] * 6, ["awe", "awe", "awe", "awe", "awe", "disgust"]])
    page = switch_on(study)
    csv = Client().get(f"{page}charts/emotions.csv").content.decode()
    assert "awe,11," in csv
    assert "disgust,,," in csv
    assert "fewer than 5" in Client().get(page).content.decode()


def test_simulated_answers_are_marked(mika: User) -> None:
    study = make_study(mika, n_stimuli=1, wanted_responses=6)
    answer_stimulus(study.stimuli.get(), people_of_study(study, 6, is_simulated=True), ["awe"] * 6, is_simulated=True)
    page = switch_on(study)
    for address in (page, f"{page}images", f"{page}images/{study.stimuli.get().key}"):
        assert "made by a simulator" in Client().get(address).content.decode()


def test_pictures_need_the_studys_word_and_go_with_it(mika: User) -> None:
    study = painted_study(mika, n_stimuli=3, n_people=3)
    sha256 = study.stimuli.values_list("image_sha256", flat=True)[0]
    page = switch_on(study)
    picture = f"{page}pictures/{sha256}-320.jpg"
    assert Client().get(picture).status_code == 404
    assert "<img" not in everything(page)

    switch_on(study, shows_images=True)
    answer = Client().get(picture)
    assert b"".join(answer.streaming_content).startswith(b"\xff\xd8")  # type: ignore[attr-defined]
    assert answer["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert Client().get(f"{page}pictures/{'0' * 64}-320.jpg").status_code == 404

    browser = Client()
    browser.force_login(mika)
    browser.post(f"/studies/{study.slug}/public", {"act": "off"})
    assert Client().get(picture, headers={"If-None-Match": answer["ETag"]}).status_code == 404


def test_switching_off_works_at_once_and_leaves_no_file(mika: User) -> None:
    study, stimuli = answered_study(mika, VOTES)
    page = switch_on(study)
    first = Client().get(page)
    assert first.status_code == 200
    assert Client().get(page, headers={"If-None-Match": first["ETag"]}).status_code == 304
    location = PublicExplorer.objects.get(pk=study.pk).location
    browser = Client()
    browser.force_login(mika)

    browser.post(f"/studies/{study.slug}/public", {"act": "off"})

    for address in (page, f"{page}images", f"{page}images/{stimuli[0].key}", f"{page}charts/emotions.csv"):
        assert Client().get(address, headers={"If-None-Match": first["ETag"]}).status_code == 404
    assert not default_storage.exists(f"{location}/study.json")


def test_what_is_taken_back_is_gone_with_the_next_look(mika: User) -> None:
    study, stimuli = answered_study(mika, VOTES)
    consent = ConsentText.objects.get(study=study)
    Response.objects.filter(study=study).update(consent_hash=consent.hash)
    response = Response.objects.filter(stimulus=stimuli[0]).order_by("pk")[0]
    Response.objects.filter(pk=response.pk).update(answers={"emotion": "awe", "explanation": SECRET})
    page = switch_on(study, consents=[consent.hash])
    assert SECRET in everything(page)
    answer = Client().get(f"{page}images/{stimuli[0].key}")

    withdraw_response(response=response)

    again = Client().get(f"{page}images/{stimuli[0].key}", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 503
    assert again["Retry-After"]
    assert again["Cache-Control"] == "no-store"
    assert renew_public_explorers() == 1
    assert renew_public_explorers() == 0  # it is under way
    work_off("make_public")
    text = everything(page)
    assert SECRET not in text
    assert "13 responses to 2 images" not in text
    assert "11 responses to 2 images" in text

    # and so is the next person's, though the snapshot is marked already
    other = Participation.objects.filter(study=study).exclude(pk=response.participation_id).order_by("pk")[0]
    withdraw_participation(participation=other)
    refresh_statistics(wait=True)
    assert Client().get(page).status_code == 503
    assert renew_public_explorers() == 1
    work_off("make_public")
    assert "9 responses to 2 images" in everything(page)
    assert renew_public_explorers() == 0


def test_what_is_taken_back_is_gone_though_simulated_answers_were_removed_before(mika: User) -> None:
    """The number of withdrawn answers falls where a simulated crowd is removed that had taken answers back."""
    study, stimuli = answered_study(mika, VOTES)
    Stimulus.objects.filter(pk=stimuli[0].pk).update(wanted=9, open_slots=3)
    machines = people_of_study(study, 3, is_simulated=True)
    answer_stimulus(stimuli[0], machines, ["fear"] * 3, is_simulated=True)
    refresh_statistics(wait=True)
    page = switch_on(study)
    people = list(Participation.objects.filter(study=study, annotator__is_simulated=False).order_by("pk"))
    for participation in (machines[0], machines[1], people[0]):
        withdraw_participation(participation=participation)
    refresh_statistics(wait=True)
    assert renew_public_explorers() == 1
    work_off("make_public")
    assert Client().get(page).status_code == 200

    remove_simulated(study=study)
    refresh_statistics(wait=True)
    renew_public_explorers()
    work_off("make_public")
    assert Client().get(page).status_code == 200
    withdraw_participation(participation=people[1])
    refresh_statistics(wait=True)

    assert Client().get(page).status_code == 503
    assert renew_public_explorers() == 1


def test_two_workers_that_make_it_at_once_leave_one_folder(mika: User, monkeypatch: pytest.MonkeyPatch) -> None:
    study, _ = answered_study(mika, VOTES)
    switch_on(study)
    make_public = making.make_public

    def slowly(*given: Any, **more: Any) -> dict[str, Any]:
        monkeypatch.setattr(making, "make_public", make_public)
        making.make_explorer(study=study, progress=no_progress)  # another worker begins later and ends first
        return make_public(*given, **more)

    monkeypatch.setattr(making, "make_public", slowly)
    before = folders()
    making.make_explorer(study=study, progress=no_progress)

    assert len(folders()) == len(before)
    assert f"public/{(folders() - before).pop()}" == PublicExplorer.objects.get(pk=study.pk).location
    making.switch_off(study=study, user=mika)
    assert len(folders()) == len(before) - 1


def folders() -> set[str]:
    """Those that hold a public explorer's files."""
    found = default_storage.listdir("public")[0]
    return {name for name in found if default_storage.exists(f"public/{name}/study.json")}


def test_robots_are_kept_out_unless_let_in(mika: User) -> None:
    study, _ = answered_study(mika, VOTES)
    page = switch_on(study)
    answer = Client().get(page)
    assert "noindex" in answer["X-Robots-Tag"]
    assert b'name="robots"' in answer.content
    switch_on(study, allows_robots=True)
    answer = Client().get(page)
    assert "X-Robots-Tag" not in answer
    assert b'name="robots"' not in answer.content


def test_too_many_pages_are_refused_for_a_minute(mika: User, monkeypatch: pytest.MonkeyPatch) -> None:
    study, _ = answered_study(mika, VOTES)
    page = switch_on(study)
    monkeypatch.setattr("annotation.api.throttle.PublicThrottle.THROTTLE_RATES", {"public": "2/min"})
    stranger = Client()
    statuses = [stranger.get(page).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_everybody_sees_the_same_page_signed_in_or_not(mika: User) -> None:
    study, _ = answered_study(mika, VOTES)
    page = switch_on(study)
    browser = Client()
    browser.force_login(mika)
    assert browser.get(page).content == Client().get(page).content


def test_the_settings_page_switches_on_and_says_what_is_wrong(mika: User, rosa: User) -> None:
    study, _ = answered_study(mika, VOTES)
    record = freeze_snapshot(study=study)
    browser = Client()
    browser.force_login(mika)
    page = f"/studies/{study.slug}/public"
    wrong = {"act": "on", "address": "No spaces!", "snapshot_id": "0" * 64, "least_responses": "1"}
    answer = browser.post(page, wrong)
    assert answer.status_code == 400
    assert answer.content.count(b"error-message") == 3
    assert not PublicExplorer.objects.exists()

    right = {"act": "on", "address": "our-lake", "snapshot_id": record.snapshot_id, "least_responses": "3"}
    assert browser.post(page, right).status_code == 302
    assert Client().get("/public/our-lake/").status_code == 503  # being made
    work_off("make_public")
    assert Client().get("/public/our-lake/").status_code == 200
    assert PublicExplorer.objects.get().settings["shows_images"] is False
    assert b"/public/our-lake/" in browser.get(page).content


def test_an_address_belongs_to_one_study(mika: User) -> None:
    study, _ = answered_study(mika, VOTES)
    switch_on(study)
    other, _ = answered_study(mika, VOTES, title="Another")
    with pytest.raises(InvalidInput, match="Another study has this address"):
        switch_on(other)
    assert PublicExplorer.objects.count() == 1


def test_a_study_with_nothing_to_show_says_so(mika: User) -> None:
    study = make_study(mika)
    page = switch_on(study)
    assert "No image has enough responses" in Client().get(page).content.decode()
    assert Client().get(f"{page}images").status_code == 200
    assert Client().get(f"{page}charts/emotions.csv").status_code == 404


@pytest.mark.parametrize(
    "query", ["?emotion=awe", "?sort=agreement_low", "?sort=nonsense&emotion=%01", "?page=99999999"]
)
def test_any_question_to_the_grid_gets_an_answer(query: str, mika: User) -> None:
    study, _ = answered_study(mika, VOTES)
    page = switch_on(study)
    assert Client().get(f"{page}images{query}").status_code == 200


def test_no_pseudonym_and_no_moment_is_in_the_files(mika: User) -> None:
    study, _ = answered_study(mika, VOTES)
    switch_on(study)
    location = PublicExplorer.objects.get().location
    with default_storage.open(f"{location}/study.json") as file:
        told = json.load(file)
    with default_storage.open(f"{location}/stimuli.parquet") as file:
        packed = file.read()
    for participation in Participation.objects.filter(study=study).select_related("annotator"):
        pseudonym = participation.annotator.pseudonym
        assert pseudonym.encode() not in packed
        assert pseudonym not in json.dumps(told)
