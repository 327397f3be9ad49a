"""Image encoders by name: pixels to features. 'small_conv' needs nothing; 'transformers:NAME' is any vision model.

small_conv                                  a small convolutional network, from scratch
small_vit                                   a small vision transformer, from scratch
transformers:google/vit-base-patch16-224    a hub name, where the hub (or its local cache) can be reached
transformers:/models/vit                    a local folder with config.json, model.safetensors, preprocessor_config.json
network:/networks/listener                  the eye of a network of ours, from the folder that it was saved in
"""

import itertools
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from modelserve.errors import EncoderUnreachable
from modelserve.options import NETWORK_PREFIX, SMALL_CONV, SMALL_VIT, TRANSFORMERS_PREFIX


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a photograph becomes numbers: squeezed to a square, scaled to 0..1, then (value - mean) / std per channel.

    The whole picture is squeezed, never cropped: what people saw at the border belongs to what they felt.
    """

    side: int  # pixels
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Preprocessing":
        return cls(side=int(values["side"]), mean=_three(values["mean"]), std=_three(values["std"]))


class Encoder(nn.Module):
    """Pixels (B, 3, S, S), normalised, to features (B, F)."""

    preprocessing: Preprocessing
    n_features: int
    n_place_features: int

    def places(self, pixels: Tensor) -> Tensor:
        """What is seen where: (B, P, F'), the P places of the picture row by row; most encoders have a square of them.

        F' is n_place_features.
        """
        raise TypeError(f"{type(self).__name__} has no places")

    def description(self) -> dict[str, Any]:
        """What rebuilds this encoder without the hub: JSON."""
        raise TypeError(f"{type(self).__name__} does not say how to rebuild it")


class SmallConv(Encoder):
    """Four halving blocks, then the mean and the maximum over places: 0.25 million weights, quick on a CPU.

    Group norm, not batch norm: a study may have ten images in a batch, and what a network answers must not
    depend on who is in the batch.
    """

    def __init__(self, side: int = 96, width: int = 32) -> None:
        super().__init__()
        self.preprocessing = Preprocessing(side=side, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
        self.width = width
        widths = [3, width, 2 * width, 4 * width, 4 * width]
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(before, after, kernel_size=3, stride=2, padding=1),
                    nn.GroupNorm(8, after),
                    nn.ReLU(),
                )
                for before, after in itertools.pairwise(widths)
            )
        )
        self.n_features = 2 * widths[-1]
        self.n_place_features = widths[-1]

    def places(self, pixels: Tensor) -> Tensor:
        places: Tensor = self.blocks(pixels).flatten(2).transpose(1, 2)  # (B, S/16 * S/16, 4W)
        return places

    def forward(self, pixels: Tensor) -> Tensor:
        places = self.blocks(pixels)  # (B, 4W, S/16, S/16)
        return torch.cat([places.mean(dim=(2, 3)), places.amax(dim=(2, 3))], dim=1)  # (B, 8W)

    def description(self) -> dict[str, Any]:
        return {"name": SMALL_CONV, "side": self.preprocessing.side, "width": self.width}


class TransformersEncoder(Encoder):
    """The vision part of a model of the transformers library; features are its pooled or averaged last layer."""

    def __init__(self, model: nn.Module, config: dict[str, Any], preprocessing: Preprocessing, name: str) -> None:
        super().__init__()
        # Models that read images and texts (CLIP and its kin) keep the eye in `vision_model`.
        self.has_pool = hasattr(model, "vision_model")
        eye: Any = model.vision_model if self.has_pool else model
        # Many are published in half precision, which a CPU hardly computes with.
        self.model = eye.float()
        self.config = config
        self.preprocessing = preprocessing
        self.name = name
        with torch.no_grad():
            side = preprocessing.side
            was_training = eye.training
            eye.eval()
            self.n_features = int(self(torch.zeros(1, 3, side, side)).shape[1])
            self.n_place_features = int(self.places(torch.zeros(1, 3, side, side)).shape[2])
            eye.train(was_training)

    def places(self, pixels: Tensor) -> Tensor:
        last: Tensor = self.model(pixel_values=pixels).last_hidden_state
        if last.ndim == 4:  # (B, F, H, W): a convolutional network
            return last.flatten(2).transpose(1, 2)
        n_others = last.shape[1] - math.isqrt(last.shape[1]) ** 2
        # Vision transformers put their class token, and some a few registers, before a square of patches.
        return last[:, n_others:]  # (B, P, F)

    def forward(self, pixels: Tensor) -> Tensor:
        output: Any = self.model(pixel_values=pixels)
        pooled: Tensor | None = output.pooler_output if self.has_pool else None
        if pooled is not None:
            return pooled.flatten(1)  # (B, F)
        last: Tensor = output.last_hidden_state
        if last.ndim == 4:  # (B, F, H, W): a convolutional network
            return last.mean(dim=(2, 3))
        return last.mean(dim=1)  # (B, T, F) -> (B, F)

    def description(self) -> dict[str, Any]:
        return {"name": self.name, "config": self.config, "preprocessing": self.preprocessing.as_json()}


def make_encoder(name: str, *, side: int = 96) -> Encoder:
    """The encoder of this name, with pretrained weights where the name says so.

    side: pixels of the square that small_conv sees; pretrained encoders say their own.
    Raises EncoderUnreachable where a pretrained one cannot be read.
    """
    if name == SMALL_CONV:
        return SmallConv(side=side)
    if name == SMALL_VIT:
        return _small_vit(side=side)
    if name.startswith(TRANSFORMERS_PREFIX) and len(name) > len(TRANSFORMERS_PREFIX):
        return _pretrained(name)
    if name.startswith(NETWORK_PREFIX) and len(name) > len(NETWORK_PREFIX):
        return _of_network(Path(name.removeprefix(NETWORK_PREFIX)))
    raise EncoderUnreachable(
        f"There is no encoder '{name}'. Use '{SMALL_CONV}', '{SMALL_VIT}', '{TRANSFORMERS_PREFIX}' followed by a model "
        f"name or a local folder, or '{NETWORK_PREFIX}' followed by the folder of a network that was trained here."
    )


def _small_vit(**shape: int) -> Encoder:
    # It is an Encoder and says so by importing this file.
    from modelserve.networks.small_vit import SmallVit

    return SmallVit(**shape)


def _of_network(folder: Path) -> Encoder:
    """With its weights. The folder holds network.safetensors and network.json (modelserve/networks/saved.py)."""
    try:
        description = json.loads((folder / "network.json").read_text(encoding="utf-8"))
        encoder = rebuild_encoder(description["structure"]["encoder"])
        weights = load_file(folder / "network.safetensors")
        mine = {
            name.split("encoder.", 1)[1]: weight
            for name, weight in weights.items()
            if name.startswith(("encoder.", "pixels.encoder."))
        }
        encoder.load_state_dict(mine)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise EncoderUnreachable(
            f"The eye of the network in '{folder}' could not be taken: {first_line(error)} Name the folder of a "
            "network that reads images and was trained here. Nothing was trained."
        ) from error
    return encoder


def rebuild_encoder(description: dict[str, Any]) -> Encoder:
    """The encoder of a saved network with fresh weights, to be filled from its own file; needs no hub."""
    if description["name"] == SMALL_CONV:
        return SmallConv(side=int(description["side"]), width=int(description["width"]))
    if description["name"] == SMALL_VIT:
        return _small_vit(**{name: int(value) for name, value in description.items() if name != "name"})
    model = rebuild_model(description["config"])
    preprocessing = Preprocessing.from_json(description["preprocessing"])
    return TransformersEncoder(model, dict(description["config"]), preprocessing, description["name"])


def rebuild_model(config_values: dict[str, Any]) -> Any:
    """A model of the transformers library with fresh weights, from its configuration alone."""
    # Slow to import (seconds), and small_conv never needs it.
    from transformers import AutoModel
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    config = CONFIG_MAPPING[config_values["model_type"]].from_dict(dict(config_values))
    return AutoModel.from_config(config)  # type: ignore[no-untyped-call]


def _pretrained(name: str) -> TransformersEncoder:
    place = name.removeprefix(TRANSFORMERS_PREFIX)
    model, config = pretrained_model(place, files="config.json, model.safetensors, preprocessor_config.json")
    return TransformersEncoder(model, config, preprocessing_of(place, model.config), name)


def pretrained_model(place: str, *, files: str) -> tuple[Any, dict[str, Any]]:
    """A model of the transformers library with its weights, and its configuration.

    place: a hub name or a folder; files: what the folder needs, for the error. Raises EncoderUnreachable.
    """
    # Slow to import (seconds), and small_conv never needs it.
    from transformers import AutoConfig, AutoModel

    try:
        config = AutoConfig.from_pretrained(place, trust_remote_code=False)
        # safetensors only: other weight files can run code when they are read.
        model = AutoModel.from_pretrained(place, config=config, use_safetensors=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        where = "in that folder" if Path(place).exists() else "on the hub, nor in its local cache"
        raise EncoderUnreachable(
            f"The encoder '{place}' could not be read {where}: {first_line(error)} Download it on a machine with "
            f"access, copy its folder here ({files}) and name the folder: '{TRANSFORMERS_PREFIX}/path/to/folder'. "
            "Nothing was trained."
        ) from error
    return model, config.to_dict()


def preprocessing_of(place: str, config: Any) -> Preprocessing:
    """Size, mean and std from the model's preprocessor_config.json; without one, the config's size and 0.5."""
    from transformers.image_processing_base import ImageProcessingMixin

    try:
        values, _ = ImageProcessingMixin.get_image_processor_dict(place)
    except OSError:
        values = {}
    vision = getattr(config, "vision_config", config)
    return Preprocessing(
        side=_side_of(values, fallback=getattr(vision, "image_size", 224)),
        mean=_three(values.get("image_mean") or (0.5, 0.5, 0.5)),
        std=_three(values.get("image_std") or (0.5, 0.5, 0.5)),
    )


def _side_of(values: dict[str, Any], *, fallback: Any) -> int:
    for key in ("crop_size", "size"):
        size = values.get(key)
        if isinstance(size, int):
            return size
        if isinstance(size, dict):
            for side in ("height", "shortest_edge"):
                if isinstance(size.get(side), int):
                    return int(size[side])
    return int(fallback[0] if isinstance(fallback, list | tuple) else fallback)


def _three(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def first_line(error: Exception) -> str:
    """What an error of a library says first, as a sentence."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0].strip()
    return line if line.endswith(".") else f"{line}."
