"""`manage.py analyze`: the figures of real crowds equal other people's programs to 1e-6."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from analysis.statistics import MAJORITY_RULES
from annotation.models import Response, Study
from annotation.services.freeze_snapshot import freeze_snapshot
from snapshots.local_copy import snapshot_folder
from tests.analysis.answers import answer_stimulus, answered_study, people_of_study
from tests.conftest import make_study

pytestmark = pytest.mark.django_db

TOLERANCE = 1e-6


def analyze(name: str, *options: str) -> str:
    out = io.StringIO()
    call_command("analyze", name, *options, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("name", ["face_sentiment", "tweet_sentiment_1k", "lewidi_hs_brexit"])
def test_figures_of_real_crowds_equal_the_reference(test_data: Path, name: str) -> None:
    folder = test_data / "crowd-labels" / name
    reference = json.loads((folder / "reference.json").read_text())
    call_command("import_responses", name, str(folder / "labels.csv"), stdout=io.StringIO())

    figures = json.loads(analyze(name, "--json"))

    expected = reference["agreement"]
    fleiss = expected["fleiss_kappa_items_with_modal_count"]
    assert figures["n_responses"] == reference["labels"]
    assert figures["n_stimuli"] == reference["items"]
    assert figures["n_annotators"] == reference["workers"]
    assert figures["label_totals"] == expected["label_totals"]
    assert figures["krippendorff_alpha"]["value"] == pytest.approx(
        expected["krippendorff_alpha_nominal"], abs=TOLERANCE
    )
    assert figures["fleiss_kappa"]["value"] == pytest.approx(fleiss["value"], abs=TOLERANCE)
    assert figures["fleiss_kappa"]["n"] == fleiss["items"]
    assert figures["pairwise_agreement"]["value"] == pytest.approx(
        expected["mean_pairwise_agreement_items_ge2"], abs=TOLERANCE
    )
    assert figures["mean_entropy_nats"]["value"] == pytest.approx(expected["mean_entropy_nats"], abs=TOLERANCE)
    n = reference["items"]
    majority = figures["majority"]
    assert majority["half_or_more"]["value"] == pytest.approx(expected["items_top_share_ge_0.5"] / n, abs=TOLERANCE)
    assert majority["strict_majority"]["value"] == pytest.approx(expected["items_top_share_gt_0.5"] / n, abs=TOLERANCE)
    ties = expected["items_with_tied_top_label"]
    assert majority["unique_maximizer"]["value"] == pytest.approx(1 - ties / n, abs=TOLERANCE)
    for estimate in (figures["krippendorff_alpha"], figures["mean_entropy_nats"]):
        assert estimate["low"] < estimate["value"] < estimate["high"]


def test_the_json_tells_everything_a_reader_needs(mika: User) -> None:
    study, _ = answered_study(mika, [["awe", "awe"], ["fear", "awe"]])

    figures = json.loads(analyze(study.slug, "--json"))

    assert set(figures["majority"]) == {rule.name for rule in MAJORITY_RULES}
    assert figures["polarity_totals"] == {"positive": 3, "negative": 1, "else": 0}
    assert figures["label_share"]["awe"]["value"] == 0.75
    assert figures["positive_and_negative"]["value"] == 0.5
    assert figures["n_simulated"] == 0
    assert figures["as_of"]
    assert "Krippendorff" in figures["sources"]["krippendorff_alpha"]


def test_the_figures_hold_what_came_in_a_moment_ago(mika: User) -> None:
    study, stimuli = answered_study(mika, [["awe", "awe"], ["fear", "awe"]])
    analyze(study.slug)
    Response.objects.filter(stimulus=stimuli[1]).update(label="disgust")

    assert json.loads(analyze(study.slug, "--json"))["label_totals"]["disgust"] == 2


def test_the_table_can_be_read(mika: User) -> None:
    study, _ = answered_study(mika, [["awe", "awe", "fear"], ["fear", "awe", "awe"], ["awe", "awe", "awe"]])

    table = analyze(study.slug, "--recount")

    assert "Krippendorff's alpha" in table
    assert "77.8 %" in table
    assert "One most frequent label" in table


def test_a_study_without_responses_says_so(mika: User) -> None:
    study = make_study(mika)
    with pytest.raises(CommandError, match="no responses yet"):
        analyze(study.slug)


def test_two_studies_of_one_title_have_to_be_told_apart(mika: User) -> None:
    make_study(mika, title="Twins")
    make_study(mika, title="Twins")
    with pytest.raises(CommandError, match="Name one by its slug"):
        analyze("Twins")


def test_an_unknown_name_says_where_slugs_are_found() -> None:
    with pytest.raises(CommandError, match="end of its address"):
        analyze("no-such-study")


def test_a_folder_that_is_no_snapshot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be analysed"):
        analyze(str(tmp_path))


def test_a_snapshot_folder_gives_the_figures_of_its_study(mika: User, settings: Any) -> None:
    study, stimuli = answered_study(mika, [["awe", "awe", "fear"], ["fear", "awe"], ["anger"]])
    answer_stimulus(stimuli[2], people_of_study(study, 1), ["disgust"], status=Response.SURPLUS)
    live = json.loads(analyze(study.slug, "--json"))
    record = freeze_snapshot(study=study)

    frozen = json.loads(analyze(str(Path(settings.MEDIA_ROOT) / snapshot_folder(record.snapshot_id)), "--json"))

    # the interval hangs on the stimuli's keys, which a snapshot carries, so it is the same as well
    of_the_moment = {"study", "as_of", "n_withdrawn"}
    assert {key: live[key] for key in live.keys() - of_the_moment} == {
        key: frozen[key] for key in live.keys() - of_the_moment
    }
    assert frozen["snapshot"] == record.snapshot_id
    assert "snapshot" in analyze(str(Path(settings.MEDIA_ROOT) / snapshot_folder(record.snapshot_id)))


def test_what_is_simulated_is_named(mika: User) -> None:
    study: Study
    study, _ = answered_study(mika, [["awe", "awe"]])
    Response.objects.update(is_simulated=True)
    figures: dict[str, Any] = json.loads(analyze(study.slug, "--json"))
    assert figures["n_simulated"] == 2
    assert "simulated" in analyze(study.slug)
