"""A generated world becomes a study like any other, marked everywhere, and the crowd can work on its images."""

import pytest

from annotation.models import Response, Stimulus
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.services.import_snapshot import import_snapshot
from annotation.simulator.stimulus_facts import facts_of
from modelserve.world import World, WorldOptions
from modelserve.world.freeze import freeze_world, world_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_frozen_world_is_imported_with_its_marks(tmp_path):
    frozen = freeze_world(World(WorldOptions(seed=4)), 12, 3, folder=tmp_path / "world")
    study = import_snapshot(folder=frozen.folder, user=None)
    assert Stimulus.objects.filter(study=study, source_dataset="generated_world").count() == 12
    responses = Response.objects.filter(study=study)
    assert responses.count() == 36
    assert all(response.is_simulated for response in responses)
    assert "nothing here is human data" in study.description
    record = freeze_snapshot(study=study)
    assert record.snapshot_id == frozen.id
    assert record.n_simulated == record.n_responses == 36


def test_the_crowd_understands_what_the_stimuli_say(tmp_path):
    world = World(WorldOptions(seed=4))
    frozen = freeze_world(world, 5, 1, folder=tmp_path / "world")
    study = import_snapshot(folder=frozen.folder, user=None)
    _, index_of = world_of(frozen)
    for stimulus in Stimulus.objects.filter(study=study):
        facts = facts_of(stimulus.key, name=stimulus.name, description=stimulus.description, metadata=stimulus.metadata)
        valence, arousal = world.valence_arousal(index_of[stimulus.key])
        assert facts.valence_mean == pytest.approx(valence, abs=1e-3)
        assert facts.arousal_mean == pytest.approx(arousal, abs=1e-3)
        assert facts.things[0] == world.scene(index_of[stimulus.key]).things[0].name
