"""The dry run goes through the real services, is marked everywhere, repeats itself, and leaves without a trace."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.errors import StudyNotOpen
from annotation.models import Annotator, Assignment, Participation, Response, Stimulus, Study
from annotation.services.audit_study import audit_study
from annotation.services.change_state import change_state
from annotation.services.remove_simulated import remove_simulated
from annotation.services.simulate_responses import simulate_responses
from annotation.simulator.crowd import Crowd, CrowdSettings, Reaction, StepContext
from annotation.simulator.stimulus_facts import facts_of
from annotation.steps import KINDS
from tests.conftest import make_study, respond

pytestmark = pytest.mark.django_db


def contents() -> list[tuple[Any, ...]]:
    return sorted(Response.objects.values_list("stimulus__key", "participation__annotator__pseudonym", "label"))


def test_a_crowd_fills_a_study_exactly(study: Study) -> None:
    done = simulate_responses(study=study, n_annotators=12, seed=3)
    assert done.n_responses == Response.objects.count() == 15
    assert audit_study(study) == []
    assert not Stimulus.objects.exclude(open_slots=0).exists()
    assert done.seconds_worked > 15


def test_everything_simulated_carries_its_mark(study: Study) -> None:
    simulate_responses(study=study, n_annotators=5)
    assert not Response.objects.exclude(is_simulated=True, device="simulated").exists()
    assert not Annotator.objects.exclude(is_simulated=True).exists()


def test_a_stopped_dry_run_goes_on(study: Study) -> None:
    simulate_responses(study=study, n_annotators=6, seed=1, most_responses=7)
    before = contents()
    assert len(before) == 7
    simulate_responses(study=study, n_annotators=6, seed=1)
    assert set(before) <= set(contents())
    assert audit_study(study) == []


def test_a_crowd_that_stops_holds_nothing_back(study: Study) -> None:
    simulate_responses(study=study, n_annotators=4, most_responses=5)
    assert not Assignment.objects.filter(state=Assignment.LEASED).exists()
    assert sum(Stimulus.objects.values_list("open_slots", flat=True)) == 15 - 5


def test_one_act_removes_it_and_keeps_people(study: Study, anna: Participation) -> None:
    respond(anna)
    simulated = simulate_responses(study=study, n_annotators=6).n_responses
    assert remove_simulated(study=study) == simulated
    assert Response.objects.get().participation == anna
    assert not Annotator.objects.filter(is_simulated=True).exists()
    assert audit_study(study) == []
    assert remove_simulated(study=study) == 0


def test_a_closed_study_is_not_answered(study: Study) -> None:
    with pytest.raises(StudyNotOpen):
        simulate_responses(study=change_state(study=study, state=Study.CLOSED), n_annotators=2)


def test_any_study_can_be_rehearsed(mika: Any) -> None:
    steps = [
        {"name": "fits", "kind": "choice", "options": {"labels": ["yes", "no", "cannot tell"]}},
        {"name": "short", "kind": "text", "options": {"min_characters": 3, "max_characters": 20}},
        {"name": "long", "kind": "text", "options": {"min_characters": 60}},
    ]
    study = make_study(mika, steps=steps)
    assert simulate_responses(study=study, n_annotators=8).n_responses > 0


def test_a_second_text_is_never_left_empty() -> None:
    """It was, whenever the draw for it would have made the annotator skip."""
    step = {"name": "more", "kind": "text", "options": KINDS["text"].clean_options({"min_characters": 60})}
    facts = facts_of("k" * 64, name="lake.jpg", description="A lake between hills")
    for annotator in Crowd(300, seed=4, settings=CrowdSettings(skip_share=0.5)):
        reaction = Reaction("awe", "short", 1.0, None, revises=False)
        draw = annotator.stream_for("step", facts.key)
        text = KINDS["text"].simulate(StepContext(step, annotator, facts, reaction, {}, draw))
        assert len(text) >= 60


def test_the_command_knows_a_study_by_its_title(study: Study, capsys: Any) -> None:
    call_command("simulate", study.title, "--annotators", "2", "--responses", "3")
    assert "2 simulated annotators gave 3 responses" in capsys.readouterr().out
    with pytest.raises(CommandError, match="at least 1 response"):
        call_command("simulate", study.slug, "--responses", "-1")


def test_the_command_reports_and_refuses(study: Study, capsys: Any) -> None:
    call_command("simulate", study.slug, "--annotators", "3", "--responses", "4")
    assert "gave 4 responses" in capsys.readouterr().out
    call_command("simulate", study.slug, "--remove")
    assert "Removed 4 simulated responses" in capsys.readouterr().out
    with pytest.raises(CommandError, match="There is no study"):
        call_command("simulate", "nowhere")
    with pytest.raises(CommandError, match="at least 1 annotator"):
        call_command("simulate", study.slug, "--annotators", "0")
