"""Network files that cannot be used are refused with a sentence."""

import json
from pathlib import Path

import pytest

from modelserve.errors import NetworkFilesUnreadable
from modelserve.networks.saved import DESCRIPTION_FILE, WEIGHTS_FILE, SavedNetwork, load_network, save_network
from modelserve.networks.text_emotion import TextEmotion
from modelserve.options import TextEmotionOptions
from tests.modelserve.tiny_world import LABEL_SET


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    network = TextEmotion(6, 4, TextEmotionOptions(embedding=8, hidden=8))
    save_network(tmp_path, SavedNetwork("text_emotion", network, LABEL_SET, ["<pad>", "a", "b", "c", "d", "e"]))
    return tmp_path


def test_only_safetensors_and_json_are_written(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [DESCRIPTION_FILE, WEIGHTS_FILE]


def test_missing_or_torn_weights_are_named(folder: Path) -> None:
    whole = (folder / WEIGHTS_FILE).read_bytes()
    (folder / WEIGHTS_FILE).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(NetworkFilesUnreadable, match="Roll back to an earlier one, or train again"):
        load_network(folder)
    (folder / WEIGHTS_FILE).unlink()
    with pytest.raises(NetworkFilesUnreadable, match="cannot be read"):
        load_network(folder)


def test_another_format_version_is_refused(folder: Path) -> None:
    path = folder / DESCRIPTION_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 99}))
    with pytest.raises(NetworkFilesUnreadable, match="format version 99; this program reads 1"):
        load_network(folder)
