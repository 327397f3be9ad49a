"""CLIP as a listener: Radford et al. 2021 (arXiv 2103.00020), by hub name or from a folder, through transformers.

Affection takes ViT-B/32 as it is (89.7 % with 10 distractors, arXiv 2210.01946). Here it is taken as it is, or its two
projections learn from the study (tune_clip), or its two towers by low-rank additions (lora_rank), or both.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from modelserve.errors import EncoderUnreachable
from modelserve.networks.encoders import Preprocessing, preprocessing_of
from modelserve.networks.listener import LARGEST_SCALE, listening_loss
from modelserve.networks.low_rank import add_low_rank
from modelserve.options import TRANSFORMERS_PREFIX, ListenerOptions
from modelserve.pairs import some_texts

PADDING = 0


class ClipListener(nn.Module):
    """As `Listener`; word ids are those of CLIP's own tokenizer plus one, so that 0 is padding."""

    bank: Tensor
    mean: Tensor
    std: Tensor

    def __init__(
        self, model: Any, config: dict[str, Any], tokenizer: str, preprocessing: Preprocessing,
        options: ListenerOptions, n_bank: int,
    ) -> None:  # fmt: skip
        from tokenizers import Tokenizer

        super().__init__()
        self.model, self.config, self.tokenizer_json = model.float(), config, tokenizer
        self.tokenizer = Tokenizer.from_str(tokenizer)
        # Some are published with either; the last token stands for the text, and padding must not be that.
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.preprocessing, self.options = preprocessing, options
        self.model.requires_grad_(False)
        learns = bool(options.tune_clip or options.lora_rank)
        self.log_scale = nn.Parameter(self.model.logit_scale.detach().clone(), requires_grad=learns)
        if options.lora_rank:
            for tower in (self.model.vision_model, self.model.text_model):
                add_low_rank(tower, options.lora_rank)
        if options.tune_clip:
            self.model.visual_projection.requires_grad_(True)
            self.model.text_projection.requires_grad_(True)
        self.register_buffer("bank", torch.zeros(n_bank, int(config["projection_dim"])))
        self.register_buffer("mean", torch.tensor(preprocessing.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(preprocessing.std).view(1, 3, 1, 1), persistent=False)

    @classmethod
    def create(cls, options: ListenerOptions, n_bank: int) -> Self:
        """Raises EncoderUnreachable where no CLIP of this name is on this machine or on the hub."""
        place = options.clip.removeprefix(TRANSFORMERS_PREFIX)
        # Slow to import (seconds), and a listener from scratch never needs it.
        from transformers import AutoTokenizer, CLIPConfig, CLIPModel

        try:
            config = CLIPConfig.from_pretrained(place)
            model = CLIPModel.from_pretrained(place, config=config, use_safetensors=True)
            tokenizer = AutoTokenizer.from_pretrained(place, use_fast=True, trust_remote_code=False)
            rules = tokenizer.backend_tokenizer.to_str()
        except (OSError, ValueError, AttributeError, KeyError) as error:
            where = "in that folder" if Path(place).exists() else "on the hub, nor in its local cache"
            line = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise EncoderUnreachable(
                f"The CLIP '{place}' could not be read {where}: {line} Download it on a machine with access, copy its "
                "folder here (config.json, model.safetensors, tokenizer.json, preprocessor_config.json) and name the "
                f"folder: '{TRANSFORMERS_PREFIX}/path/to/folder'. Nothing was trained."
            ) from error
        return cls(model, config.to_dict(), rules, preprocessing_of(place, config), options, n_bank)

    @classmethod
    def rebuild(cls, n_labels: int, options: ListenerOptions, structure: dict[str, Any]) -> Self:
        """The same network with fresh weights, to be filled from its file; needs no hub."""
        from transformers import CLIPConfig, CLIPModel

        model = CLIPModel(CLIPConfig.from_dict(dict(structure["config"])))
        preprocessing = Preprocessing.from_json(structure["preprocessing"])
        n_bank = int(structure["n_bank"])
        return cls(model, structure["config"], structure["tokenizer"], preprocessing, options, n_bank)

    def structure(self) -> dict[str, Any]:
        return {
            "config": self.config,
            "tokenizer": self.tokenizer_json,
            "preprocessing": self.preprocessing.as_json(),
            "n_bank": len(self.bank),
        }

    @property
    def side(self) -> int:
        """Pixels of the square that it sees."""
        return self.preprocessing.side

    def read(self, texts: Sequence[str], words: Sequence[str]) -> Tensor:
        """(N, T) CLIP's own tokens plus one; words is not used."""
        most = int(self.config["text_config"]["max_position_embeddings"])
        if not texts:
            return torch.zeros((0, 1), dtype=torch.int64)
        rows = []
        for text in texts:
            numbers = self.tokenizer.encode(text.lower()).ids
            if len(numbers) > most:  # its last token, which stands for the whole text, has to stay
                numbers = [*numbers[: most - 1], numbers[-1]]
            rows.append(torch.tensor(numbers, dtype=torch.int64) + 1)
        return nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PADDING)

    def embed_images(self, images: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, D), each of length 1."""
        pixels = (images.permute(0, 3, 1, 2).float() / 255.0 - self.mean) / self.std  # (B, 3, S, S)
        seen = self.model.vision_model(pixel_values=pixels).pooler_output  # (B, F)
        return functional.normalize(self.model.visual_projection(seen).float(), dim=1)

    def embed_texts(self, words: Tensor) -> Tensor:
        """(N, T) -> (N, D), each of length 1."""
        is_word = words != PADDING
        # CLIP knows no padding of ours: its attention is causal, so what stands behind the text changes nothing.
        ids = torch.where(is_word, words - 1, int(self.config["text_config"]["eos_token_id"] or 0))
        told = self.model.text_model(input_ids=ids, attention_mask=is_word.long()).last_hidden_state  # (N, T, F)
        last = told[torch.arange(len(words)), is_word.sum(dim=1).clamp_min(1) - 1]  # (N, F): the end of the text
        return functional.normalize(self.model.text_projection(last).float(), dim=1)

    def scale(self) -> Tensor:
        return self.log_scale.exp().clamp_max(LARGEST_SCALE)

    def loss(self, inputs: tuple[Tensor, Tensor], labels: Tensor) -> Tensor:
        """As `Listener.loss`."""
        images, words = inputs
        texts, _, image = some_texts(words, labels, self.options.texts_per_image if self.training else 0)
        return listening_loss(self.embed_images(images), self.embed_texts(texts), image, self.scale())

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        """(factor on the learning rate, weights that learn)."""
        return [(1.0, [weight for weight in self.parameters() if weight.requires_grad])]
