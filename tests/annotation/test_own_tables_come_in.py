"""Tables that we exported ourselves come in whatever steps the study had, or are refused; nothing is mixed up."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from annotation.errors import InvalidInput
from annotation.models import Response, Stimulus, Study
from annotation.services.import_responses import ImportedResponses, import_responses
from annotation.services.preview_responses import preview_responses
from annotation.services.table_columns import OWN_COLUMNS
from snapshots.label_sets import AFFECTION
from tests.conftest import make_participation, make_study, respond

pytestmark = pytest.mark.django_db

EMOTIONS = [label["id"] for label in AFFECTION]
WORDS = "the quiet lake under the wide sky"


def exported(folder: Path, rows: list[dict[str, Any]], steps: list[str], name: str = "responses.csv") -> Path:
    """A table as we write it. rows: what differs from an accepted response of annotator `a` to image `1.jpg`."""
    path = folder / name
    usual = {"annotator": "a", "stimulus_name": "1.jpg", "stimulus_source": "", "status": "accepted"}
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*OWN_COLUMNS, *steps])
        writer.writeheader()
        for row in rows:
            key = {"stimulus_key": f"key of {row.get('stimulus_name', '1.jpg')}"}
            writer.writerow({**usual, **key, "is_simulated": "false", "options_shown": "{}", **row})
    return path


def bring(path: Path, **more: Any) -> ImportedResponses:
    return import_responses(path=path, new_slug="again", **more)


def shown(**options: list[str]) -> str:
    return json.dumps(options)


def test_the_label_is_found_where_the_words_come_first(tmp_path: Path) -> None:
    row = {"why": WORDS, "mood": "awe", "options_shown": shown(mood=["fear", "awe"])}
    bring(exported(tmp_path, [row], ["why", "mood"]))
    assert Response.objects.get().answers == {"label": "awe", "explanation": WORDS}


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_rows_that_stay_out_are_counted_however_a_table_is_read(tmp_path: Path, kind: str, capsys: Any) -> None:
    rows = [{"annotator": name, "mood": "awe", "status": "surplus"} for name in "ab"]
    with pytest.raises(InvalidInput, match="has nothing but surplus rows"):
        bring(exported(tmp_path, rows, ["mood"]))
    path = exported(tmp_path, [*rows, {"annotator": "c", "mood": "awe"}], ["mood"])
    if kind == "jsonl":
        with path.open(newline="") as file:
            lines = [json.dumps(row) for row in csv.DictReader(file)]
        path = tmp_path / "responses.jsonl"
        path.write_text("\n".join(lines))
    call_command("import_responses", "again", path)
    said = capsys.readouterr().out
    assert "1 rows read" in said
    assert "2 further rows were surplus and stay out." in said


def test_labels_that_nobody_chose_come_back_as_well(tmp_path: Path) -> None:
    row = {"mood": "awe", "options_shown": shown(mood=["fear", "awe", "none"])}
    assert bring(exported(tmp_path, [row], ["mood"])).labels == ["awe", "fear", "none"]


@pytest.mark.parametrize("steps", [["first", "second", "why"], ["first", "why", "more"], ["first", "second"]])
def test_more_steps_than_a_table_can_bring_in_are_refused_and_not_mixed_up(tmp_path: Path, steps: list[str]) -> None:
    choices = [step for step in steps if step in ("first", "second")]
    row = {"options_shown": shown(**{step: ["x", "y"] for step in choices})} | dict.fromkeys(steps, "x")
    with pytest.raises(InvalidInput, match=rf"the answers to {len(steps)} steps \({', '.join(steps)}\)"):
        bring(exported(tmp_path, [row], steps))
    assert not Study.objects.exists()


def test_a_person_says_which_of_many_steps_is_meant(tmp_path: Path) -> None:
    row = {"first": "x", "second": "y", "why": WORDS, "options_shown": shown(first=["x"], second=["x", "y"])}
    bring(exported(tmp_path, [row], ["first", "second", "why"]), columns={"label": "second"})
    assert Response.objects.get().answers == {"label": "y", "explanation": WORDS}


def test_a_command_can_leave_the_words_out(tmp_path: Path) -> None:
    row = {"first": "x", "why": WORDS, "more": "y", "options_shown": shown(first=["x"])}
    path = exported(tmp_path, [row], ["first", "why", "more"])
    call_command("import_responses", "again", path, "--label-column", "first", "--text-column", "")
    assert Response.objects.get().answers == {"label": "x"}
    with pytest.raises(CommandError, match=r"Say which column of responses\.csv holds the item"):
        call_command(
            "import_responses", "other", path, "--label-column", "first", "--text-column", "", "--item-column="
        )


def test_what_is_surplus_or_simulated_stays_so_when_columns_are_named(tmp_path: Path) -> None:
    rows = [
        {"annotator": "a", "mood": "awe"},
        {"annotator": "b", "mood": "awe", "status": "surplus"},
        {"annotator": "c", "mood": "fear", "is_simulated": "true"},
    ]
    result = bring(exported(tmp_path, rows, ["mood"]), columns={"worker": "annotator", "label": "mood"})
    assert (result.n_rows, result.n_surplus, result.n_unchanged) == (2, 1, 0)
    assert list(Response.objects.order_by("id").values_list("label", "is_simulated")) == [
        ("awe", False),
        ("fear", True),
    ]


def test_answers_that_once_came_from_affections_files_keep_their_polarities(tmp_path: Path) -> None:
    rows = [{"annotator": name, "emotion": name, "explanation": WORDS} for name in ("awe", "fear")]
    bring(exported(tmp_path, rows, ["emotion", "explanation"]))
    assert [label["id"] for label in Study.objects.get().labels] == EMOTIONS


def test_another_step_of_that_name_keeps_its_own_labels(tmp_path: Path) -> None:
    rows = [{"annotator": name, "emotion": name} for name in ("awe", "boredom")]
    assert bring(exported(tmp_path, rows, ["emotion"])).labels == ["awe", "boredom"]


def test_two_images_of_one_name_do_not_become_one(tmp_path: Path) -> None:
    rows = [{"mood": "awe", "stimulus_key": "first"}, {"mood": "fear", "stimulus_key": "second"}]
    with pytest.raises(InvalidInput, match=r"Two images of responses\.csv are called '1\.jpg'"):
        bring(exported(tmp_path, rows, ["mood"]))
    assert not Study.objects.exists()


def test_an_image_whose_name_and_source_two_have_is_not_guessed(tmp_path: Path) -> None:
    study = make_study(n_stimuli=2)
    Stimulus.objects.update(name="1.jpg", source_dataset="oasis")
    path = tmp_path / "labels.csv"
    path.write_text(f"worker,item,label,explanation,source_dataset\nw,1.jpg,awe,{WORDS},oasis\n")
    with pytest.raises(InvalidInput, match="the study has 2 images of this name from 'oasis', so none can be told"):
        import_responses(path=path, study=study)
    assert not Response.objects.exists()


@pytest.mark.parametrize("cell", ["{", "[1]", '{"mood": 3}', '{"mood": [1]}', "null", "7"])
def test_options_that_somebody_spoilt_are_a_sentence(tmp_path: Path, cell: str) -> None:
    with pytest.raises(InvalidInput, match="Row 2, options_shown: it must be a JSON object of lists of labels"):
        bring(exported(tmp_path, [{"mood": "awe", "options_shown": cell}], ["mood"]))


def test_a_study_is_read_by_the_names_of_its_steps(tmp_path: Path, mika: User) -> None:
    study = make_study(mika, n_stimuli=1)
    row = {
        "stimulus_name": "picture_0.jpg",
        "stimulus_source": "made for a test",
        "explanation": WORDS,
        "emotion": "awe",
        "options_shown": shown(emotion=EMOTIONS),
    }
    path = exported(tmp_path, [row], ["explanation", "emotion"])
    preview = preview_responses(study=study, path=path, file_name=path.name, columns={})
    assert preview.recognised
    assert (preview.columns["label"], preview.columns["text"]) == ("emotion", "explanation")
    assert preview.columns_to_import == {}
    import_responses(path=path, study=study)
    assert Response.objects.get().answers == {"emotion": "awe", "explanation": WORDS}


def test_a_studys_own_export_does_not_count_its_people_twice(tmp_path: Path, mika: User) -> None:
    study = make_study(mika, n_stimuli=2)
    first = respond(make_participation(study)).participation.annotator.pseudonym
    row = {"annotator": first, "explanation": WORDS, "emotion": "awe", "stimulus_name": "picture_1.jpg"}
    path = exported(tmp_path, [row], ["emotion", "explanation"])
    with pytest.raises(InvalidInput, match="the file was exported from here, and its answers are here already"):
        import_responses(path=path, study=study)
    assert Response.objects.count() == 1
    assert bring(path).n_responses == 1


def test_a_part_that_is_left_out_on_purpose_stays_out(tmp_path: Path, mika: User) -> None:
    study = make_study(mika, n_stimuli=1)
    path = tmp_path / "labels.csv"
    path.write_text(f"worker,item,label,explanation,source_dataset\nw,picture_0.jpg,awe,{WORDS},another set\n")
    chosen = {"worker": "worker", "item": "item", "label": "label", "text": "explanation", "source": ""}
    preview = preview_responses(study=study, path=path, file_name=path.name, columns=chosen)
    assert preview.rows[0].is_known
    result = import_responses(path=path, study=study, columns=preview.columns_to_import)
    assert (result.n_responses, result.n_stimuli) == (1, 0)


def test_affections_files_keep_their_marks_when_another_text_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "affection.csv"
    path.write_text(
        "workerid,utterance,emotion,dataset,image_name,utterance_spelled\n"
        "simulated_1,teh lake,something else,oasis,1.jpg,the lake\n"
    )
    bring(path, columns={"text": "utterance_spelled"})
    response = Response.objects.get()
    assert (response.answers["explanation"], response.is_simulated) == ("the lake", True)
    assert [label["id"] for label in Study.objects.get().labels] == EMOTIONS
