"""A network on disk: network.safetensors and network.json, which says what goes in and what the outputs mean."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from modelserve.errors import NetworkFilesUnreadable
from modelserve.networks.by_option import ListenerByOption, SpeakerByOption, TextEmotionByOption
from modelserve.networks.emosem import EmoSem
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.options import EmoSemOptions, ImageEmotionOptions, ListenerOptions, SpeakerOptions, TextEmotionOptions

# task -> its network and its options; a network is rebuilt by `rebuild(n_labels, options, structure)`
NETWORKS: dict[str, tuple[Any, Any]] = {
    "image_emotion": (ImageEmotion, ImageEmotionOptions),
    "text_emotion": (TextEmotionByOption, TextEmotionOptions),
    "listener": (ListenerByOption, ListenerOptions),
    "speaker": (SpeakerByOption, SpeakerOptions),
    "emosem": (EmoSem, EmoSemOptions),
}

FORMAT_VERSION = 1
WEIGHTS_FILE = "network.safetensors"
DESCRIPTION_FILE = "network.json"


@dataclass(frozen=True, slots=True)
class SavedNetwork:
    """A network with everything needed to ask it.

    label_set: {id, name, polarity} in the order of the outputs; words: the vocabulary of a text network, whose row in
    the embedding is the place in this list, else empty.
    """

    task: str
    network: Any  # a Module of NETWORKS
    label_set: list[dict[str, Any]]
    words: list[str]

    @property
    def label_ids(self) -> list[str]:
        return [str(label["id"]) for label in self.label_set]


def save_network(folder: Path, saved: SavedNetwork) -> None:
    """Write both files into the folder, made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    # Copies: safetensors refuses weights that share memory, as tied ones do.
    weights = {name: value.detach().cpu().clone().contiguous() for name, value in saved.network.state_dict().items()}
    save_file(weights, folder / WEIGHTS_FILE)
    description = {
        "format": "commonground-network",
        "format_version": FORMAT_VERSION,
        "task": saved.task,
        "label_set": saved.label_set,
        "words": saved.words,
        "options": asdict(saved.network.options),
        "structure": saved.network.structure(),
    }
    text = json.dumps(description, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / DESCRIPTION_FILE).write_text(text + "\n", encoding="utf-8")


def load_network(folder: Path) -> SavedNetwork:
    """The network, ready to answer. Raises NetworkFilesUnreadable naming the file."""
    try:
        description = json.loads((folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
        if description["format_version"] != FORMAT_VERSION:
            raise NetworkFilesUnreadable(
                f"{DESCRIPTION_FILE}: format version {description['format_version']}; this program reads "
                f"{FORMAT_VERSION}. Train the network again, or use the version of the program that made it."
            )
        network = _rebuild(description)
        network.load_state_dict(load_file(folder / WEIGHTS_FILE))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise NetworkFilesUnreadable(
            f"The network in {folder.name} cannot be read: {error}. Roll back to an earlier one, or train again."
        ) from error
    network.eval()
    return SavedNetwork(description["task"], network, description["label_set"], description["words"])


def _rebuild(description: dict[str, Any]) -> Any:
    task = description["task"]
    if task not in NETWORKS:
        raise NetworkFilesUnreadable(f"{DESCRIPTION_FILE}: task '{task}' is unknown to this program.")
    network, options = NETWORKS[task]
    return network.rebuild(len(description["label_set"]), options(**description["options"]), description["structure"])
