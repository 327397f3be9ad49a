"""The pages of a study's language: what they show, to whom, and of which part."""

import csv
import io
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.language.measures import MEASURES
from analysis.language_figures import LANGUAGE_FIGURES
from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Response, Stimulus, Study
from jobs.models import Job
from tests.analysis.test_words_analysis import told_study, words_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(mika: User, client: Client) -> Study:
    study = told_study(mika)
    refresh_statistics(wait=True)
    client.force_login(mika)
    return study


def test_it_offers_to_read_the_texts_and_then_shows_what_it_found(client: Client, study: Study) -> None:
    address = f"/studies/{study.slug}/language"
    assert "Not computed yet" in client.get(address).content.decode()
    assert "Not computed yet" in client.get(f"/studies/{study.slug}/words").content.decode()

    assert client.post(address).status_code == 302
    job = Job.objects.get(kind="snapshot_analysis")
    assert (job.study_key, job.arguments["name"]) == (study.slug, "words")

    words_of(study)
    Job.objects.update(state=Job.DONE)
    page = client.get(address).content.decode()
    assert "What the explanations are like" in page
    assert "ArtEmis (published)" in page
    assert "CONCRETENESS_FILE" in page
    assert "by their words (TF-IDF)" in page
    assert "Read again" in page


def test_the_address_holds_the_part_that_is_shown(client: Client, study: Study) -> None:
    words_of(study)
    address = f"/studies/{study.slug}/language"

    page = client.get(address, {"source": "lakes", "emotion": "contentment", "measure": "similes"}).content.decode()

    assert "18 explanations of lakes, Contentment" in page
    assert "Similes by emotion" in page
    assert "source=lakes&amp;emotion=contentment" in page
    # what is not there is all, not an error
    assert client.get(address, {"source": "moon", "emotion": "x", "measure": "y"}).status_code == 200
    # a part without a text
    assert client.get(address, {"source": "lakes", "emotion": "anger"}).status_code == 200


def test_every_figure_has_a_table_to_keep(client: Client, study: Study) -> None:
    words_of(study)

    for name in LANGUAGE_FIGURES:
        answer = client.get(f"/studies/{study.slug}/language/{name}.csv")
        if name == "spread_concreteness":  # no ratings here
            assert answer.status_code == 404
            continue
        rows = list(csv.reader(io.StringIO(answer.content.decode())))
        assert len(rows) > 1, name
        assert len({len(row) for row in rows}) == 1, name
    assert client.get(f"/studies/{study.slug}/language/nothing.csv").status_code == 404


def test_published_numbers_stand_beside_and_say_so(client: Client, study: Study) -> None:
    words_of(study)

    rows = csv.DictReader(io.StringIO(client.get(f"/studies/{study.slug}/language/measures.csv").content.decode()))

    by_name = {row["measure"]: row for row in rows}
    assert by_name["n_words"]["published_affection"] == "18.8"
    assert by_name["similes"]["published_artemis"] == "0.209"
    assert by_name["concreteness"]["mean"] == ""
    assert by_name["concreteness"]["published_coco"] == "3.55"


def test_a_word_leads_to_its_images_with_what_people_say_now(client: Client, study: Study) -> None:
    words_of(study)
    address = f"/studies/{study.slug}/words"
    assert "word=lake" in client.get(address).content.decode()

    page = client.get(address, {"word": "lake", "emotion": "contentment"}).content.decode()

    stimulus = Stimulus.objects.filter(study=study, source_dataset="lakes").first()
    assert stimulus is not None
    assert f"/studies/{study.slug}/stimuli/{stimulus.key}" in page
    assert "The calm lake reminds me" in page

    Response.objects.filter(study=study).update(status=Response.WITHDRAWN)
    page = client.get(address, {"word": "lake", "emotion": "contentment"}).content.decode()
    assert "The calm lake reminds me" not in page
    assert "not among those that stand out" in client.get(address, {"word": "<b>zebra"}).content.decode()
    assert "<b>zebra" not in client.get(address, {"word": "<b>zebra"}).content.decode()


def test_a_column_of_a_distribution_leads_to_images_with_such_a_text(client: Client, study: Study) -> None:
    words_of(study)
    drawn = client.get(f"/studies/{study.slug}/language").content.decode()
    columns = set(re.findall(r"words\?spread=(n_words\.\d+)#behind", drawn))
    assert columns
    address = f"/studies/{study.slug}/words"
    for column in columns:
        page = client.get(address, {"spread": column}).content.decode()
        assert "Images with a text at: Words" in page
        assert f"/studies/{study.slug}/stimuli/" in page
    # of a part no images are kept, and what is no column is none
    part = client.get(f"/studies/{study.slug}/language", {"source": "lakes"}).content.decode()
    assert "words?spread=" not in part
    for column in ("n_words.99", "n_words.-1", "n_words.²", "weather.1", "1"):
        assert "Images with a text at" not in client.get(address, {"spread": column}).content.decode()


def test_links_from_a_part_of_the_study_stay_in_it(client: Client, study: Study) -> None:
    words_of(study)
    part = {"source": "lakes", "emotion": "contentment"}
    page = client.get(f"/studies/{study.slug}/language", part).content.decode()
    # the means lead to the images that they are of
    assert page.count("explorer?source=lakes&amp;felt=contentment") > len(MEASURES)
    similes = set(re.findall(r'href="(words\?word=[^"]+)"', page))
    assert similes
    for link in similes:
        assert "source=lakes" in link
        assert "emotion=contentment" in link
    words = client.get(f"/studies/{study.slug}/words", {**part, "word": "lake"}).content.decode()
    assert "word=lake&amp;source=lakes&amp;said_with=contentment" in words


def test_images_behind_a_word_are_of_the_chosen_part(client: Client, study: Study) -> None:
    found = words_of(study)["similes"]
    address = f"/studies/{study.slug}/words"
    keys = dict(Stimulus.objects.filter(study=study).values_list("key", "source_dataset"))
    for source in ("lakes", "streets"):
        for phrase in [*(one["phrase"] for one in found), "lake"]:
            page = client.get(address, {"word": phrase, "source": source}).content.decode()
            shown = set(re.findall(r"/stimuli/([0-9a-f]{64})", page))
            assert {keys[key] for key in shown} <= {source}, (phrase, source)


def test_all_words_can_be_kept_as_a_table(client: Client, study: Study) -> None:
    assert client.get(f"/studies/{study.slug}/words.csv").status_code == 404
    words_of(study)

    rows = list(csv.DictReader(io.StringIO(client.get(f"/studies/{study.slug}/words.csv").content.decode())))

    assert {"word", "pair"} == {row["kind"] for row in rows}
    assert any(row["words"] == "lake" and row["emotion"] == "contentment" and row["n"] == "18" for row in rows)


def test_queries_do_not_grow_with_what_is_shown(
    client: Client, study: Study, django_assert_max_num_queries: object
) -> None:
    words_of(study)

    with django_assert_max_num_queries(14):  # type: ignore[operator]
        assert client.get(f"/studies/{study.slug}/language").status_code == 200
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        assert client.get(f"/studies/{study.slug}/words", {"word": "lake"}).status_code == 200


def test_a_study_without_responses_says_so(client: Client, study: Study) -> None:
    Response.objects.all().delete()
    refresh_statistics(wait=True)

    page = client.get(f"/studies/{study.slug}/language").content.decode()

    assert "no responses yet" in page
    assert "Read the explanations" not in page
