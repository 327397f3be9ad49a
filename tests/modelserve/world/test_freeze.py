"""A frozen world is a normal snapshot, says on every row that no person made it, and leads back to the truth."""

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from modelserve.data import image_rows, text_rows
from modelserve.world import World, WorldOptions
from modelserve.world.freeze import freeze_world, world_of
from snapshots.errors import SnapshotError
from snapshots.reader import open_snapshot
from snapshots.verify import verify
from tests.modelserve.tiny_world import TinyWorld


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    return freeze_world(World(WorldOptions(seed=1)), 120, 4, folder=tmp_path_factory.mktemp("world") / "frozen")


def test_it_is_a_sound_snapshot_that_networks_can_learn_from(frozen):
    assert verify(frozen.folder) == []
    assert frozen.n_responses == 480
    assert len(image_rows(frozen).train) > 80
    assert len(text_rows(frozen).train) > 320


def test_every_row_is_marked_as_simulated_and_the_study_says_so(frozen):
    assert all(all(batch.column("is_simulated").to_pylist()) for batch in frozen.responses(["is_simulated"]))
    assert all(frozen.participations()["is_simulated"].to_pylist())
    assert "nothing here is human data" in frozen.study["description"]
    assert set(frozen.stimuli()["source_dataset"].to_pylist()) == {"generated_world"}


def test_the_same_seed_freezes_to_the_same_id(frozen, tmp_path):
    again = freeze_world(World(WorldOptions(seed=1)), 120, 4, parent=tmp_path)
    assert again.id == frozen.id
    assert freeze_world(World(WorldOptions(seed=2)), 120, 4, parent=tmp_path).id != frozen.id


def test_the_truth_of_every_stimulus_is_found_again(frozen):
    world, index_of = world_of(frozen)
    keys, labels, counts = frozen.label_counts("emotion")
    assert labels == list(world.labels)
    for key, row in zip(keys, counts, strict=True):
        given = [response.label for response in world.responses(index_of[key], 4)]
        assert row.tolist() == [given.count(label) for label in labels]


def test_a_snapshot_of_something_else_has_no_known_answers(tmp_path):
    with pytest.raises(SnapshotError, match="make_world"):
        world_of(TinyWorld(n_stimuli=5).freeze(tmp_path))


def test_the_command_writes_the_same_snapshot(frozen, tmp_path, capsys):
    call_command("make_world", "--images", "120", "--responses", "4", "--seed", "1", "--out", str(tmp_path / "world"))
    assert capsys.readouterr().out.strip() == frozen.id
    assert open_snapshot(tmp_path / "world").has_images
    with pytest.raises(CommandError, match="exists already"):
        call_command("make_world", "--images", "1", "--out", str(tmp_path / "world"))


@pytest.mark.parametrize("wrong", [("--images", "0"), ("--responses", "201"), ("--side", "5")])
def test_the_command_refuses_what_cannot_be_made(wrong, tmp_path):
    with pytest.raises(CommandError):
        call_command("make_world", *wrong, "--out", str(tmp_path / "world"))
    assert list(tmp_path.iterdir()) == []


def test_images_come_back_as_they_were_drawn(frozen):
    import io

    from PIL import Image

    world, index_of = world_of(frozen)
    key = frozen.stimuli()["stimulus_key"][0].as_py()
    kept = np.asarray(Image.open(io.BytesIO(frozen.image_bytes(key))), dtype=float)
    assert np.abs(kept - world.image(index_of[key])).mean() < 6
