"""The language of a study's explanations, over a frozen study."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from analysis.language.describe import describe_all
from analysis.language.measures import MEASURES
from analysis.over_snapshots import analysis_named
from analysis.over_snapshots import words as words_module
from analysis.over_snapshots.kept_descriptions import read_descriptions
from analysis.over_snapshots.words import WORDS
from analysis.services.analyse_snapshot import store_analysis
from analysis.services.latent_truth import snapshot_of_storage
from annotation.models import Response, Stimulus, Study
from annotation.services.freeze_snapshot import freeze_snapshot
from tests.analysis.answers import answer_stimulus, people_of_study
from tests.conftest import make_study

pytestmark = pytest.mark.django_db

CALM = "The calm lake reminds me of a quiet summer, a happy dog sleeps beside the water."
LOUD = "A loud angry crowd shouts in the dirty street and somebody throws a bottle at the dog!"
ODD = "I am puzzled, I cannot say what this picture shows."


def no_progress(done: int, total: int, message: str) -> None: ...


def told_study(user: User, *, n_stimuli: int = 12, n_people: int = 4, texts: dict[str, str] | None = None) -> Study:
    """Half the images please and half annoy; everybody says why in the same words, with a word of her own."""
    study = make_study(user, n_stimuli=n_stimuli, wanted_responses=n_people)
    people = people_of_study(study, n_people)
    for number, stimulus in enumerate(Stimulus.objects.filter(study=study).order_by("pk")):
        stimulus.source_dataset = "lakes" if number % 2 else "streets"
        stimulus.save()
        emotion = "contentment" if number % 2 else "anger"
        emotions = [emotion] * (n_people - 1) + ["something_else"]
        for place, response in enumerate(answer_stimulus(stimulus, people, emotions)):
            text = {"contentment": CALM, "anger": LOUD}.get(response.label or "", ODD)
            response.answers["explanation"] = f"{text} {['one', 'two', 'three', 'four', 'five', 'six'][place]}"
            response.save()
    return study


def words_of(study: Study, **options: Any) -> dict[str, Any]:
    row = store_analysis(study=study, analysis=analysis_named("words"), options=options, progress=no_progress)
    result: dict[str, Any] = row.result
    return result


def test_texts_are_counted_per_study_source_and_emotion(mika: User) -> None:
    found = words_of(told_study(mika))

    cells = found["cells"]
    assert (found["n_texts"], found["n_images"], found["n_people"]) == (48, 12, 4)
    assert cells["|"]["n_texts"] == 48
    assert (cells["lakes|"]["n_texts"], cells["streets|"]["n_texts"]) == (24, 24)
    assert (cells["lakes|contentment"]["n_texts"], cells["lakes|anger"]["n_texts"]) == (18, 0)
    assert cells["lakes|anger"]["measures"] == {}
    mean, low, high, n = cells["|contentment"]["measures"]["sentiment"]
    assert n == 18
    assert 0.4 < mean <= 1
    assert low <= mean <= high
    assert cells["|anger"]["measures"]["sentiment"][0] < 0
    assert cells["|contentment"]["measures"]["similes"][0] == 1.0
    assert sum(cells["|"]["histograms"]["n_words"]) == 48
    assert cells["|"]["languages"] == {"en": 48}


def test_what_something_else_was_is_sorted_into_groups(mika: User) -> None:
    found = words_of(told_study(mika))

    groups = found["something_else"]
    assert (groups["n_texts"], groups["n_unclassified"]) == (12, 0)
    assert [(group["name"], group["n_texts"]) for group in groups["groups"]] == [("confused", 12)]


def test_words_mark_their_emotion_with_people_and_images_behind_them(mika: User) -> None:
    found = words_of(told_study(mika))

    calm = {row["word"]: row for row in found["marking"][""]["contentment"]}
    assert {"calm", "lake", "happy"} <= calm.keys()
    assert "dog" not in calm
    assert (calm["lake"]["n"], calm["lake"]["n_elsewhere"], calm["lake"]["n_people"]) == (18, 0, 3)
    assert calm["lake"]["n_images"] == 6
    keys = {found["images"][str(row)] for row in calm["lake"]["images"]}
    assert keys <= set(Stimulus.objects.filter(source_dataset="lakes").values_list("key", flat=True))
    assert "happy dog" in [row["pair"] for row in found["pairs"]["contentment"]]


def test_things_that_several_people_name_of_an_image_are_told(mika: User) -> None:
    things = words_of(told_study(mika))["things"]

    assert not things["only_concrete"]
    dog = next(row for row in things["shared"] if row["word"] == "dog")
    assert dog["n_images"] == 12
    # three of four texts on each image name the same things
    assert things["names_something_shared"][0] >= 0.75


def test_lexicons_of_the_operator_are_used_left_out_or_told_to_be_unreadable(
    mika: User, settings: Any, tmp_path: Path
) -> None:
    study = told_study(mika)
    without = words_of(study)
    assert without["lexicons"]["concreteness"] == {"state": "absent"}
    assert "concreteness" not in without["cells"]["|"]["measures"]

    file = tmp_path / "ratings.txt"
    file.write_text("Word\tConc.M\tDom_Pos\nlake\t5.0\tNoun\ndog\t4.0\tNoun\nthe\t1.0\tArticle\n")
    settings.CONCRETENESS_FILE = str(file)
    settings.AFFECT_NORMS_FILE = str(tmp_path / "absent.csv")
    found = words_of(study)

    assert found["lexicons"]["concreteness"]["n"] == 3
    assert found["cells"]["|contentment"]["measures"]["concreteness"][0] == pytest.approx(4.5)
    assert found["lexicons"]["affect"]["state"] == "unreadable"
    assert "is not there" in found["lexicons"]["affect"]["problem"]


def test_a_study_that_grew_describes_only_what_is_new_and_finds_the_same_as_from_nothing(
    mika: User, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = told_study(mika)
    words_of(study)
    response = Response.objects.filter(study=study).order_by("pk").first()
    assert response is not None
    response.answers["explanation"] = "An entirely new sentence about a zebra on a balcony."
    response.save()
    described: list[int] = []

    def counting(*args: Any, **more: Any) -> Any:
        texts, n_new = describe_all(*args, **more)
        described.append(n_new)
        return texts, n_new

    monkeypatch.setattr("analysis.over_snapshots.words.describe_all", counting)
    grown = words_of(study)
    settings.CACHE_DIR = tmp_path / "another"
    fresh = words_of(study)

    assert described == [1, 8]
    assert grown == fresh


def test_what_was_kept_is_left_alone_where_its_file_is_broken(mika: User, settings: Any) -> None:
    study = told_study(mika, n_stimuli=4)
    before = words_of(study)
    kept = list((Path(settings.CACHE_DIR) / "words").glob("*.arrow"))
    assert len(kept) == 1
    kept[0].write_bytes(kept[0].read_bytes()[:200])

    assert words_of(study) == before


def test_what_was_taken_back_leaves_what_is_kept(mika: User, settings: Any) -> None:
    study = told_study(mika, n_stimuli=4)
    words_of(study)
    kept = next((Path(settings.CACHE_DIR) / "words").glob("*.arrow"))
    n_before = len(read_descriptions(kept) or ())
    response = Response.objects.filter(study=study).order_by("pk").first()
    assert response is not None
    response.answers["explanation"] = ""
    response.save()
    words_of(study)
    texts = read_descriptions(kept)
    assert texts is not None
    assert (n_before, len(texts), int((texts.n_words == 0).sum())) == (16, 16, 1)


def test_parts_put_together_are_the_whole_whoever_described_them(
    mika: User, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = told_study(mika, n_stimuli=4)
    Response.objects.filter(study=study).order_by("pk").first().delete()  # type: ignore[union-attr]
    snapshot = snapshot_of_storage(freeze_snapshot(study=study).snapshot_id)
    options = WORDS.options_with_defaults({})
    whole = WORDS.run(snapshot, options, no_progress)
    monkeypatch.setattr(words_module, "TEXTS_PER_PART", 4)
    assert WORDS.parts is not None
    # this machine knows the texts already, so it asks nobody
    assert not WORDS.parts.is_worth_sharing(snapshot, options)
    settings.CACHE_DIR = tmp_path / "another machine"
    assert WORDS.parts.is_worth_sharing(snapshot, options)
    assert WORDS.parts.number(snapshot, options) == 4
    parts = [WORDS.parts.run(snapshot, options, part) for part in range(4)]

    assert WORDS.parts.join(snapshot, options, parts, no_progress) == whole

    # a machine without this one's lexicons describes otherwise
    file = tmp_path / "ratings.txt"
    file.write_text("Word\tConc.M\nlake\t5.0\n")
    settings.CONCRETENESS_FILE = str(file)
    assert WORDS.parts.join(snapshot, options, parts, no_progress) == WORDS.run(snapshot, options, no_progress)


def test_presets_split_by_image_and_drop_what_networks_do_not_read(mika: User) -> None:
    presets = words_of(told_study(mika))["presets"]

    assert presets["analysis"]["n_texts"] == 48
    assert sum(presets["networks"]["splits"].values()) == presets["networks"]["n_texts"]
    assert all(n % 4 == 0 for n in presets["analysis"]["splits"].values())


def test_texts_in_other_languages_count_as_words_and_are_not_asked_for_sentiment(mika: User) -> None:
    study = told_study(mika, n_stimuli=2)
    for response in Response.objects.filter(study=study):
        response.answers["explanation"] = "Der Hund schläft friedlich neben dem stillen See und träumt vom Sommer."
        response.save()

    found = words_of(study)

    cell = found["cells"]["|"]
    assert cell["languages"] == {"de": 8}
    assert list(cell["measures"]) == ["n_words"]
    assert found["things"]["things_per_text"] is None
    assert found["different_words_per_image"]["nouns"]["per_image"] is None


def test_nobody_and_empty_texts_give_a_result_without_numbers(mika: User) -> None:
    study = told_study(mika, n_stimuli=2)
    for response in Response.objects.filter(study=study):
        response.answers["explanation"] = ""
        response.save()
    empty = words_of(study)
    assert (empty["n_texts"], empty["n_empty"]) == (0, 8)
    assert empty["cells"]["|"]["measures"] == {}

    Response.objects.all().delete()
    nobody = words_of(study)
    assert (nobody["n_texts"], nobody["n_images"], nobody["cells"]["|"]["vocabulary"]) == (0, 0, 0)


def test_one_person_and_one_emotion_have_no_marking_words(mika: User) -> None:
    found = words_of(told_study(mika, n_stimuli=3, n_people=1))

    # nobody but her uses any word
    assert all(rows == [] for rows in found["marking"][""].values())
    assert found["similarity"]["tf_idf"]["figures"]["same_image"] == [None, None, None, 0]


def test_every_measure_names_its_definition_and_source() -> None:
    for measure in MEASURES:
        assert measure.definition.endswith(".")
        assert measure.source
        assert measure.high is None or measure.low < measure.high
