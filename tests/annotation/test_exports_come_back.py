"""Every table that we export can be imported again, and says the same."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from analysis.models import StudyStatistics
from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Assignment, Response, Study
from annotation.services.assign import assign_ahead
from annotation.services.export_snapshot import export_snapshot
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.services.import_responses import import_responses
from annotation.services.simulate_responses import simulate_responses
from annotation.services.submit_response import submit_response
from snapshots.exports import EXPORT_FORMATS
from tests.conftest import answer, make_participation, make_study, respond

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = [name for name in EXPORT_FORMATS if name != "snapshot"]


@pytest.fixture
def answered(mika: Any) -> Study:
    """People and a crowd, texts that spreadsheets would run, and one answer that came too late to count."""
    study = make_study(mika, n_stimuli=6, wanted_responses=3)
    late = make_participation(study)
    held = assign_ahead(participation=late, study=study)
    Assignment.objects.update(state=Assignment.EXPIRED)
    for text in ("=1+1 is what I feel", "+ the lake, all of it", "'quoted from the start"):
        respond(make_participation(study), answer("fear", text))
    simulate_responses(study=study, n_annotators=12)
    key = "00000000-0000-4000-8000-000000000001"
    submit_response(
        study=study,
        participation=late,
        assignment_id=held[0].id,
        client_key=key,
        answers=answer("anger"),  # type: ignore[arg-type]
    )
    assert Response.objects.filter(status=Response.SURPLUS).count() == 1
    return study


@pytest.mark.parametrize("format_name", TABLES)
def test_an_exported_table_imports_to_the_same_figures(answered: Study, tmp_path: Path, format_name: str) -> None:
    record = freeze_snapshot(study=answered)
    exported = export_snapshot(snapshot_id=record.snapshot_id, format_name=format_name, folder="exports/1")
    path = tmp_path / exported.file_name
    with default_storage.open(exported.storage_name) as file:
        path.write_bytes(file.read())
    result = import_responses(path=path, new_slug="again")
    refresh_statistics()
    again = Study.objects.get(slug="again")
    before = StudyStatistics.objects.get(study_id=answered.pk)
    after = StudyStatistics.objects.get(study_id=again.pk)
    n_accepted = Response.objects.filter(study=answered, status=Response.ACCEPTED).count()
    assert result.n_responses == after.n_responses == before.n_responses == n_accepted > 12
    assert after.n_simulated == before.n_simulated > 0
    assert after.label_totals == before.label_totals
    values = {name: estimate["value"] for name, estimate in before.estimates.items()}
    assert {name: estimate["value"] for name, estimate in after.estimates.items()} == pytest.approx(values)
    if "affection" not in format_name:
        texts = set(Response.objects.filter(study=again).values_list("answers__explanation", flat=True))
        assert {"=1+1 is what I feel", "+ the lake, all of it", "'quoted from the start"} <= texts
