"""A new kind of step is one folder and one row: storing, API, freezing, exporting, importing and counting follow."""

import io
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.storage import default_storage

from analysis.models import StudyStatistics
from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Response, Study
from annotation.services.assign import assign_ahead
from annotation.services.export_snapshot import export_snapshot
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.services.import_snapshot import import_archive
from annotation.services.simulate_responses import simulate_responses
from annotation.services.submit_response import submit_response
from annotation.simulator.crowd import StepContext
from annotation.steps import KINDS
from annotation.steps.base import AnswerRefused, OptionsRefused, StepKind
from tests.conftest import annotator_client, answer, make_participation, make_study

pytestmark = pytest.mark.django_db(transaction=True)


class Strength(StepKind):
    """How strongly the feeling is felt, and how sure the person is: two numbers, so two columns."""

    name = "strength"
    title = "Strength"
    help = "Two numbers from 0 to a highest one."

    def clean_options(self, options: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(options.get("most"), int):
            raise OptionsRefused("Give the highest number.")
        return {"question": "How strongly?", "most": options["most"]}

    def clean_answer(self, options: dict[str, Any], answer: Any) -> list[float]:
        if not isinstance(answer, list) or len(answer) != 2 or not all(0 <= n <= options["most"] for n in answer):
            raise AnswerRefused(f"Give two numbers from 0 to {options['most']}.")
        return [float(n) for n in answer]

    def columns(self, name: str, options: dict[str, Any]) -> list[pa.Field]:
        return [pa.field(name, pa.float64()), pa.field(f"{name}_sure", pa.float64())]

    def cells(self, options: dict[str, Any], answer: Any) -> list[Any]:
        return list(answer) if answer else [None, None]

    def answer_from_cells(self, options: dict[str, Any], cells: list[Any]) -> Any:
        return cells if cells[0] is not None else None

    def simulate(self, context: StepContext) -> list[float]:
        return [float(n) for n in context.draw.uniform(0, context.step["options"]["most"], 2)]


@pytest.fixture
def study(mika: Any, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setitem(KINDS, "strength", Strength())
    steps = [
        {"name": "strength", "kind": "strength", "options": {"most": 10}},
        {"name": "emotion", "kind": "choice", "options": {"label_set": "affection"}},
        {"name": "explanation", "kind": "text", "options": {}},
    ]
    return make_study(mika, steps=steps, wanted_responses=2)


def give(study: Study, strength: list[float]) -> Response:
    participation = make_participation(study)
    held = assign_ahead(participation=participation, study=study)
    answers = {**answer(), "strength": strength}
    return submit_response(
        study=study, participation=participation, assignment_id=held[0].id, client_key=uuid.uuid4(), answers=answers
    ).response


def test_its_answers_are_checked_and_stored(study: Study) -> None:
    assert give(study, [7, 2.5]).answers["strength"] == [7.0, 2.5]
    client = annotator_client(make_participation(study))
    held = client.get(f"/api/v1/studies/{study.slug}/work").json()["held"]
    body = {"assignment": held[0]["id"], "client_key": str(uuid.uuid4()), "answers": {**answer(), "strength": [11, 0]}}
    refused = client.post(f"/api/v1/studies/{study.slug}/responses", body, content_type="application/json")
    assert refused.status_code == 400
    assert refused.json()["errors"]["strength"] == ["Give two numbers from 0 to 10."]


def test_it_is_frozen_exported_and_imported_with_its_types(study: Study, ada: Any, tmp_path: Path) -> None:
    give(study, [7, 2.5])
    give(study, [0, 10])
    record = freeze_snapshot(study=study)
    table = export_snapshot(snapshot_id=record.snapshot_id, format_name="parquet", folder="exports/1")
    with default_storage.open(table.storage_name) as file:
        columns = pq.read_table(io.BytesIO(file.read())).to_pydict()
    assert sorted(zip(columns["strength"], columns["strength_sure"], strict=True)) == [(0.0, 10.0), (7.0, 2.5)]
    whole = export_snapshot(snapshot_id=record.snapshot_id, format_name="snapshot", folder="exports/1")
    with default_storage.open(whole.storage_name) as file:
        again = import_archive(file=io.BytesIO(file.read()), parent=tmp_path, user=ada)
    assert freeze_snapshot(study=again).snapshot_id == record.snapshot_id
    assert sorted(r.answers["strength"] for r in Response.objects.filter(study=again)) == [[0.0, 10.0], [7.0, 2.5]]


def test_statistics_and_dry_runs_take_it(study: Study) -> None:
    done = simulate_responses(study=study, n_annotators=6)
    assert done.n_responses == 10
    refresh_statistics()
    assert StudyStatistics.objects.get(study_id=study.pk).n_responses == 10
