"""Responses from elsewhere come in, all of them or none, and give the numbers they have."""

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.errors import InvalidInput, InvalidRows
from annotation.models import Annotator, Assignment, Identity, Response, ResponseRevision, Stimulus, Study
from annotation.services.audit_study import audit_study
from annotation.services.import_responses import ImportedResponses, import_responses
from annotation.services.withdraw import withdraw_response
from annotation.study_lookup import find_study
from tests.conftest import make_study

pytestmark = pytest.mark.django_db

AFFECTION = ["workerid", "utterance", "emotion", "dataset", "image_name"]


def table(
    folder: Path, rows: list[tuple[Any, ...]], header: str = "worker,item,label", name: str = "labels.csv"
) -> Path:
    path = folder / name
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)
    return path


def bring(path: Path, slug: str = "faces", **more: Any) -> ImportedResponses:
    return import_responses(path=path, study=find_study(slug), new_slug=slug, **more)


def nothing_is_there() -> bool:
    return not (Study.objects.exists() or Annotator.objects.exists() or Response.objects.exists())


# --- it works ---


def test_a_plain_file_makes_a_closed_study_with_its_labels_and_stimuli(tmp_path: Path, mika: User) -> None:
    rows = [("w1", "a", "10"), ("w2", "a", "9"), ("w1", "b", "9"), ("w3", "a", "10")]
    result = bring(table(tmp_path, rows), user=mika)
    study = Study.objects.get(slug="faces")
    assert (result.n_rows, result.n_responses, result.n_stimuli, result.n_annotators) == (4, 4, 2, 3)
    assert (study.state, study.wanted_responses, study.consent) == (Study.CLOSED, 3, "imported")
    assert [label["id"] for label in study.labels] == ["9", "10"]  # by value, not by letter
    assert {label["polarity"] for label in study.labels} == {None}
    assert study.memberships.get().user == mika
    assert Stimulus.objects.get(name="b").open_slots == 2
    assert Counter(Response.objects.values_list("label", flat=True)) == {"10": 2, "9": 2}
    assert audit_study(study) == []


def test_labels_that_are_words_stand_in_alphabetical_order(tmp_path: Path) -> None:
    bring(table(tmp_path, [("1", "a", "sad"), ("2", "a", "Happy"), ("3", "a", "calm")]))
    assert [label["id"] for label in Study.objects.get().labels] == ["calm", "Happy", "sad"]


def test_worker_ids_stand_in_identities_and_nowhere_else(tmp_path: Path) -> None:
    bring(table(tmp_path, [("A1B2C3WORKER", "a", "x")]))
    assert Identity.objects.get().panel_id == "A1B2C3WORKER"
    assert "WORKER" not in Annotator.objects.get().pseudonym.upper()


def test_places_in_the_sequence_follow_the_file(tmp_path: Path) -> None:
    bring(table(tmp_path, [("w", "a", "x"), ("v", "a", "x"), ("w", "b", "y"), ("w", "c", "x")]))
    identity = Identity.objects.get(panel_id="w")
    rows = Response.objects.filter(participation__annotator=identity.annotator).order_by("sequence")
    assert [(row.sequence, row.stimulus.name) for row in rows.select_related("stimulus")] == [
        (1, "a"),
        (2, "b"),
        (3, "c"),
    ]
    participation = identity.annotator.participations.get()
    assert (participation.n_answered, participation.next_sequence) == (3, 4)


def test_explanations_come_in_beside_the_labels(tmp_path: Path) -> None:
    words = 'she said, "the lake",\nand a tab\t and a \\ too: 山'
    bring(table(tmp_path, [("w", "a", "awe", words)], "worker,item,label,explanation"))
    assert Response.objects.get().answers == {"label": "awe", "explanation": words}


def test_affections_raw_file_is_recognised_by_its_header(tmp_path: Path) -> None:
    rows = [
        ("user_900", "a calm lake under the sky", "something else", "emotions_of_art", "lake.jpg"),
        ("user_901", "the dog looks at me", "Contentment", "emotions_of_art", "lake.jpg"),
        ("user_900", "dark and cold", "fear", "coco", "lake.jpg"),
    ]
    result = bring(table(tmp_path, rows, ",".join(AFFECTION)))
    study = Study.objects.get()
    assert result.n_stimuli == 2  # the same name in two data sets is two images
    assert [label["polarity"] for label in study.labels].count("positive") == 4
    assert Response.objects.get(label="something_else").answers == {
        "emotion": "something_else",
        "explanation": "a calm lake under the sky",
    }
    assert Stimulus.objects.filter(source_dataset="coco", name="lake.jpg").exists()
    assert audit_study(study) == []


def test_affections_preprocessed_file_is_recognised_as_well(tmp_path: Path) -> None:
    header = ",".join([*AFFECTION, "utterance_spelled", "tokens", "tokens_len", "tokens_encoded", "split"])
    row = (
        "user_1",
        "A clam lake.",
        "awe",
        "coco",
        "1.jpg",
        "a calm lake",
        "['a', 'calm', 'lake']",
        3,
        "[1, 5, 6, 7, 2]",
        "train",
    )
    bring(table(tmp_path, [row], header))
    assert Response.objects.get().answers["explanation"] == "A clam lake."


def test_the_mark_of_simulated_people_travels_in_affections_schema(tmp_path: Path) -> None:
    rows = [("simulated_a-xyz", "dark and cold", "fear", "coco", "1.jpg"), ("a-abc", "warm", "awe", "coco", "1.jpg")]
    bring(table(tmp_path, rows, ",".join(AFFECTION)))
    assert sorted(Response.objects.values_list("label", "is_simulated")) == [("awe", False), ("fear", True)]


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
def test_every_kind_of_table_gives_the_same_study(tmp_path: Path, kind: str) -> None:
    rows = [{"worker": 1, "item": "a", "label": 0}, {"worker": 2, "item": "a", "label": 1}]
    path = tmp_path / f"labels.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n\n" for row in rows))
    else:
        comma = "," if kind == "csv" else "\t"
        path.write_text(
            "".join(comma.join(map(str, row)) + "\n" for row in [list(rows[0]), *(r.values() for r in rows)])
        )
    bring(path)
    assert sorted(Response.objects.values_list("label", flat=True)) == ["0", "1"]
    assert set(Identity.objects.values_list("panel_id", flat=True)) == {"1", "2"}


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = table(tmp_path, [("w", "a", "x", "because", "set")], "user,tweet,sentiment,why,from")
    named = {"worker": "user", "item": "tweet", "label": "sentiment", "text": "why", "source": "from"}
    bring(path, columns=named)
    assert Response.objects.get().answers == {"label": "x", "explanation": "because"}
    assert Stimulus.objects.get().source_dataset == "set"


# --- revisions and repetition ---


def test_a_repeated_worker_and_item_is_a_revision_and_the_last_counts(tmp_path: Path) -> None:
    rows = [("w", "a", "x"), ("v", "a", "z"), ("w", "a", "x"), ("w", "a", "y"), ("w", "a", "z")]
    result = bring(table(tmp_path, rows))
    response = Response.objects.get(participation__annotator__identity__panel_id="w")
    assert (response.label, response.revision) == ("z", 2)
    earlier = ResponseRevision.objects.filter(response=response).order_by("number")
    assert [(row.number, row.label) for row in earlier] == [(0, "x"), (1, "y")]
    assert (result.n_responses, result.n_revisions, result.n_unchanged) == (2, 2, 1)
    assert audit_study(Study.objects.get()) == []


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    path = table(tmp_path, [("w", "a", "x"), ("w", "b", "y"), ("v", "a", "y")])
    bring(path)
    before = list(Response.objects.order_by("id").values())
    again = bring(path)
    assert (again.n_responses, again.n_revisions, again.n_unchanged, again.n_annotators) == (0, 0, 3, 0)
    assert list(Response.objects.order_by("id").values()) == before


def test_a_second_file_finds_the_people_and_revises_what_they_said(tmp_path: Path) -> None:
    bring(table(tmp_path, [("w", "a", "x"), ("v", "a", "y"), ("u", "b", "y")]))
    result = bring(table(tmp_path, [("w", "a", "y"), ("w", "b", "x")], name="more.csv"))
    assert (result.n_responses, result.n_revisions, result.n_annotators) == (1, 1, 0)
    revised = Response.objects.get(participation__annotator__identity__panel_id="w", stimulus__name="a")
    assert (revised.label, revised.revision, revised.revisions.get().label) == ("y", 1, "x")
    assert Response.objects.get(stimulus__name="b", participation=revised.participation).sequence == 2
    assert audit_study(Study.objects.get()) == []


def test_the_same_worker_id_in_another_study_is_another_person(tmp_path: Path) -> None:
    path = table(tmp_path, [("w", "a", "x")])
    bring(path, "one")
    bring(path, "two")
    assert Annotator.objects.count() == 2


# --- into a study that exists ---


def test_responses_come_into_an_existing_study_under_its_rules(tmp_path: Path) -> None:
    study = make_study(n_stimuli=2, wanted_responses=2)
    rows = [
        ("w", "picture_0.jpg", "Something else", "the quiet lake at dawn"),
        ("w", "new.jpg", "awe", "the wide sky above"),
    ]
    result = bring(table(tmp_path, rows, "worker,item,label,explanation"), study.slug)
    assert (result.made_study, result.n_stimuli, result.n_responses) == (False, 1, 2)
    assert Response.objects.get(stimulus__name="picture_0.jpg").label == "something_else"
    assert Stimulus.objects.get(name="new.jpg").open_slots == 1
    assert audit_study(study) == []


def test_no_item_gets_more_responses_than_the_study_wants(tmp_path: Path) -> None:
    study = make_study(n_stimuli=1, wanted_responses=2)
    words = "the quiet lake at dawn"
    rows = [(f"w{n}", "picture_0.jpg", "awe", words) for n in range(3)]
    with pytest.raises(InvalidInput, match=r"item 'picture_0\.jpg' wants 2 responses, has 0 and would get 3 more"):
        bring(table(tmp_path, rows, "worker,item,label,explanation"), study.slug)
    assert not Assignment.objects.exists()
    assert not Annotator.objects.exists()


def test_an_answer_that_was_withdrawn_does_not_come_back(tmp_path: Path) -> None:
    path = table(tmp_path, [("w", "a", "x"), ("w", "b", "y")])
    bring(path)
    withdraw_response(response=Response.objects.get(stimulus__name="a"))
    with pytest.raises(InvalidInput, match="Row 2: this person's answer to this item was withdrawn"):
        bring(path)
    assert Response.objects.get(stimulus__name="a").answers == {}


def test_a_name_that_two_images_have_needs_its_source(tmp_path: Path) -> None:
    rows = [("w", "1.jpg", "awe", "one"), ("w", "1.jpg", "awe", "two")]
    bring(table(tmp_path, rows, "worker,item,label,source_dataset"))
    with pytest.raises(InvalidInput, match="the study has 2 images of this name"):
        bring(table(tmp_path, [("w", "1.jpg", "awe")]))


# --- bad input ---


@pytest.mark.parametrize(
    ("header", "row", "field", "reason"),
    [
        ("worker,item,label", ("", "a", "x"), "worker", "it is empty"),
        ("worker,item,label", ("w", "", "x"), "item", "it is empty"),
        ("worker,item,label", ("w", "a", ""), "label", "it is empty"),
        ("worker,item,label", ("w", "a", "x" * 65), "label", "1 to 64 characters"),
        ("worker,item,label", ("w" * 121, "a", "x"), "worker", "at most 120"),
        ("worker,item,label", ("w", "a" * 301, "x"), "item", "at most 300"),
        ("worker,item,label", ("w", "a", "x", "y"), "whole row", "it has 4 cells, the header 3"),
        (
            "worker,item,label,explanation",
            ("w", "a", "x", ""),
            "explanation",
            "it is empty; --text-optional takes rows",
        ),
        ("worker,item,label,explanation", ("w", "a", "x", "y" * 100_000), "explanation", "these are 100000"),
        (",".join(AFFECTION), ("w", "words", "joyful", "d", "i"), "emotion", "'joyful' is not an emotion of Affection"),
        (",".join(AFFECTION), ("w", "", "awe", "d", "i"), "utterance", "it is empty"),
        (",".join(AFFECTION), ("w", "words", "", "d", "i"), "emotion", "it is empty"),
    ],
)
def test_one_bad_row_is_named_with_field_and_reason_and_nothing_is_imported(
    tmp_path: Path, header: str, row: tuple[str, ...], field: str, reason: str
) -> None:
    good: dict[str, str] = dict.fromkeys(header.split(","), "awe")
    rows = [
        tuple(f"{value} {n}" if name.startswith("worker") else value for name, value in good.items()) for n in range(50)
    ]
    with pytest.raises(InvalidRows) as refusal:
        bring(table(tmp_path, [*rows, row], header))
    assert [(problem["row"], problem["field"]) for problem in refusal.value.rows] == [(52, field)]
    assert reason in refusal.value.message
    assert "Nothing of labels.csv was imported" in refusal.value.message
    assert nothing_is_there()


def test_an_unknown_label_of_an_existing_study_is_named_with_those_it_has(tmp_path: Path) -> None:
    study = make_study()
    path = table(tmp_path, [("w", "picture_0.jpg", "joyful", "the quiet lake")], "worker,item,label,explanation")
    with pytest.raises(InvalidRows, match=r"Row 2, label: 'joyful' is not an option of this study \(amusement, awe"):
        bring(path, study.slug)


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no column 'label'; it has worker, item, emotion.*--label-column"):
        bring(table(tmp_path, [("w", "a", "x")], "worker,item,emotion"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        ("worker,item,label\n", "no rows"),
        ("worker,item,label,label\nw,a,x,y\n", "two columns"),
        ("worker,item,label\nw,a,x\n\n\nw,b\n", "2 cells, the header 3"),
        ('worker,item,label\nw,a,"x\n', "quotation mark is not closed"),
    ],
)
def test_a_file_that_is_no_table_of_responses_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(content)
    with pytest.raises(InvalidInput, match=sentence):
        bring(path)
    assert nothing_is_there()


def test_more_labels_than_a_step_can_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRows, match="is this the column of labels"):
        bring(table(tmp_path, [("w", f"i{n}", f"label {n}") for n in range(250)]))


def test_rows_without_words_come_in_where_that_is_meant(tmp_path: Path) -> None:
    path = table(tmp_path, [("w", "a", "x", ""), ("v", "a", "x", "because")], "worker,item,label,explanation")
    bring(path, text_optional=True)
    assert Response.objects.filter(answers__explanation=None).count() == 1


@pytest.mark.parametrize("slug", ["new", "import"])
def test_a_study_does_not_take_the_address_of_a_page(tmp_path: Path, slug: str) -> None:
    with pytest.raises(InvalidInput, match="address of a page"):
        bring(table(tmp_path, [("w", "a", "x")]), slug)


# --- the command ---


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("import_responses", "faces", str(table(tmp_path, [("w", "a", "x")])), stdout=out)
    assert "1 responses of 1 new annotators on 1 new stimuli" in out.getvalue()
    assert "Made the study faces (closed) with the labels x." in out.getvalue()


def test_the_command_answers_in_json(tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("import_responses", "faces", str(table(tmp_path, [("w", "a", "x")])), "--json", stdout=out)
    assert json.loads(out.getvalue())["n_responses"] == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["faces", "missing.csv"], "There is no file missing.csv"),
        (["a study with spaces", "labels.csv"], "none can be made of that name"),
        (["faces", "labels.csv", "--manager", "nobody"], "There is no user 'nobody'"),
        (["faces", "labels.csv", "--label-column", "mood"], "no column 'mood'"),
        (["faces", "labels.csv", "--label-column", "worker"], "taken for the worker and for the label"),
        (["faces", "labels.csv", "--language", "x" * 40], "is no code of a language"),
        (["faces", "labels.csv", "--title", "t" * 201], "The title has at most 200 characters"),
        (["f" * 81, "labels.csv"], "The address of a study has at most 80 characters"),
    ],
)
def test_the_command_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    table(tmp_path, [("w", "a", "x")])
    with pytest.raises(CommandError, match=sentence):
        call_command("import_responses", *arguments)
    assert not Study.objects.exists()


# --- real data ---


@pytest.mark.parametrize("name", ["face_sentiment", "tweet_sentiment_1k", "lewidi_hs_brexit", "entity_linking_us"])
def test_real_crowds_keep_their_counts(test_data: Path, name: str) -> None:
    folder = test_data / "crowd-labels" / name
    reference = json.loads((folder / "reference.json").read_text())
    bring(folder / "labels.csv", name)
    study = Study.objects.get(slug=name)
    counts = Counter(Response.objects.filter(study=study).values_list("label", flat=True))
    assert counts == reference["agreement"]["label_totals"]
    assert Stimulus.objects.filter(study=study).count() == reference["items"]
    assert study.participations.count() == reference["workers"]
    assert study.wanted_responses == reference["labels_per_item_max"]
    assert audit_study(study) == []


def test_an_import_asks_the_database_as_often_for_many_rows_as_for_few(tmp_path: Path) -> None:
    """Rows go in by the thousand, so that half a million are minutes and not hours."""
    counts = []
    for n_rows in (60, 3_000):
        rows = [(f"w{n % 50}", f"{n_rows}-{n // 6}", "abcde"[n % 5]) for n in range(n_rows)]
        with CaptureQueriesContext(connection) as queries:
            bring(table(tmp_path, rows), slug=f"rows-{n_rows}")
        counts.append(len(queries))
    assert counts[0] == counts[1]
