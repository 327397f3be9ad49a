"""Explanation to emotion: a pretrained text encoder of the transformers library, the mean over its tokens, a head.

transformers:distilroberta-base       a hub name, where the hub (or its local cache) can be reached
transformers:/models/bert             a local folder with config.json, model.safetensors and tokenizer.json

Fine-tuned as a whole (Devlin et al. 2019, arXiv 1810.04805, section 3.2), by low-rank additions, or as it is; the mean
over tokens, since not every encoder has a token that stands for the whole text.
"""

from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn

from modelserve.errors import BadTrainingOption, EncoderUnreachable
from modelserve.networks.encoders import first_line, pretrained_model, rebuild_model
from modelserve.networks.low_rank import add_low_rank
from modelserve.networks.text_reader import PADDING, TextReader
from modelserve.options import TRANSFORMERS_PREFIX, TextEmotionOptions


class TextPretrained(TextReader):
    """Token ids of the encoder's own tokenizer plus one (B, T) int64, so that 0 is padding -> log-probabilities."""

    def __init__(
        self, model: Any, config: dict[str, Any], tokenizer: str, n_labels: int, options: TextEmotionOptions
    ) -> None:
        from tokenizers import Tokenizer

        super().__init__()
        self.options, self.config, self.tokenizer_json = options, config, tokenizer
        self.encoder = _reading_part(model).float()
        self.tokenizer = Tokenizer.from_str(tokenizer)
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(options.max_tokens)
        n_features = self._width()
        self.dropout = nn.Dropout(options.dropout)
        self.hidden = nn.Linear(n_features, options.hidden)
        self.output = nn.Linear(options.hidden, n_labels)
        if options.freeze_encoder:
            self.encoder.requires_grad_(False)
        if options.lora_rank:
            add_low_rank(self.encoder, options.lora_rank)

    @classmethod
    def create(cls, n_labels: int, options: TextEmotionOptions) -> Self:
        """Raises EncoderUnreachable where no text encoder of this name is on this machine or on the hub."""
        place = options.encoder.removeprefix(TRANSFORMERS_PREFIX)
        model, config = pretrained_model(place, files="config.json, model.safetensors, tokenizer.json")
        # Slow to import (seconds), and a network from scratch never needs it.
        from transformers import AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(place, use_fast=True, trust_remote_code=False)
            rules = tokenizer.backend_tokenizer.to_str()
        except (OSError, ValueError, AttributeError, KeyError, ImportError) as error:
            raise EncoderUnreachable(
                f"The tokenizer of '{place}' could not be read: {first_line(error)} A folder needs tokenizer.json "
                "beside the weights; an encoder that reads images has none. Nothing was trained."
            ) from error
        return cls(model, config, rules, n_labels, options)

    @classmethod
    def rebuild(cls, n_labels: int, options: TextEmotionOptions, structure: dict[str, Any]) -> Self:
        """The same network with fresh weights, to be filled from its file; needs no hub."""
        model = rebuild_model(structure["config"])
        return cls(model, structure["config"], structure["tokenizer"], n_labels, options)

    def structure(self) -> dict[str, Any]:
        return {"config": self.config, "tokenizer": self.tokenizer_json}

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        if self.options.freeze_encoder:
            # A frozen encoder must read without dropout, or its features would change from step to step.
            self.encoder.eval()
        return self

    def read(self, texts: Sequence[str], words: Sequence[str]) -> Tensor:
        """(n, T) the encoder's own tokens plus one, with those that it puts around a text; words is not used."""
        rows = [
            torch.tensor(encoded.ids, dtype=torch.int64) + 1 for encoded in self.tokenizer.encode_batch(list(texts))
        ]
        table = torch.full((len(rows), self.options.max_tokens), PADDING)
        for number, row in enumerate(rows):
            table[number, : len(row)] = row
        return table

    def features(self, words: Tensor) -> Tensor:
        longest = int((words != PADDING).sum(dim=1).max().clamp_min(1))
        words = words[:, :longest]  # (B, T)
        is_word = words != PADDING
        is_word = is_word | ~is_word.any(dim=1, keepdim=True)  # a text without tokens is one of unknown ones
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.options.freeze_encoder):
            last = self.encoder(input_ids=(words - 1).clamp_min(0), attention_mask=is_word.long()).last_hidden_state
        weights = is_word.unsqueeze(2).float()
        mean: Tensor = (last.float() * weights).sum(dim=1) / weights.sum(dim=1)  # (B, F)
        return mean

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        """(factor on the learning rate, weights that learn)."""
        head = [*self.hidden.parameters(), *self.output.parameters()]
        if self.options.freeze_encoder:
            return [(1.0, head)]
        reading = [weight for weight in self.encoder.parameters() if weight.requires_grad]
        # Low-rank additions start from nothing and need the head's rate.
        return [(1.0 if self.options.lora_rank else self.options.encoder_rate_factor, reading), (1.0, head)]

    def _width(self) -> int:
        """Width of a token; tries as long a text as may come. Raises BadTrainingOption, EncoderUnreachable."""
        name = self.options.encoder
        was_training = self.encoder.training
        self.encoder.eval()
        for n_tokens in (2, self.options.max_tokens):
            tokens = torch.ones((1, n_tokens), dtype=torch.int64)
            try:
                with torch.no_grad():
                    width = int(self.encoder(input_ids=tokens, attention_mask=tokens).last_hidden_state.shape[2])
            except (TypeError, ValueError, AttributeError) as error:
                raise EncoderUnreachable(
                    f"'{name}' does not read texts ({first_line(error)}). Name a text encoder, such as BERT, RoBERTa "
                    "or DistilBERT. Nothing was trained."
                ) from error
            except (IndexError, RuntimeError) as error:
                raise BadTrainingOption(
                    f"max_tokens: '{name}' cannot read {n_tokens} tokens at once ({first_line(error)}). Choose fewer. "
                    "Nothing was trained."
                ) from error
        self.encoder.train(was_training)
        return width


def _reading_part(model: Any) -> Any:
    """The part that reads texts: of a pair like CLIP its text tower, of an encoder with a decoder the former."""
    if hasattr(model, "text_model"):
        return model.text_model
    return model.get_encoder() if getattr(model.config, "is_encoder_decoder", False) else model
