"""Sentence embeddings by an encoder of the operator's: texts to vectors, for how alike explanations are.

SENTENCE_ENCODER=/models/all-minilm-l6-v2                        a local folder with config, weights and tokenizer
SENTENCE_ENCODER=sentence-transformers/all-MiniLM-L6-v2          a hub name, where the hub or its local copy answers
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelserve.errors import EncoderUnreachable

BATCH = 32
LONGEST_TOKENS = 128


def sentence_vectors(
    name: str, texts: Sequence[str], progress: Callable[[int, int], None] = lambda done, total: None
) -> NDArray[np.float32]:
    """(n, d) one vector of length 1 per text: the mean over its tokens of the encoder's last layer; 0 for empty texts.

    name: folder or hub name of a transformers encoder with its tokenizer. Texts are cut at 128 tokens.
    Raises EncoderUnreachable.
    Source: Reimers and Gurevych, Sentence-BERT, EMNLP 2019 (mean pooling).
    """
    tokenizer, encoder = _load(name)
    import torch

    # texts of like length together, so that little of a batch is padding
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    rows: list[NDArray[np.float32]] = []
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            progress(start, len(order))
            batch = [texts[row] for row in order[start : start + BATCH]]
            read = tokenizer(batch, padding=True, truncation=True, max_length=LONGEST_TOKENS, return_tensors="pt")
            states = encoder(**read).last_hidden_state  # (B, T, D)
            mask = read["attention_mask"].unsqueeze(2).to(states.dtype)  # (B, T, 1)
            mean = (states * mask).sum(dim=1) / mask.sum(dim=1).clamp_min(1)
            rows.append(torch.nn.functional.normalize(mean, dim=1).float().numpy())
    vectors = np.zeros((len(texts), encoder.config.hidden_size), np.float32)
    if rows:
        vectors[order] = np.concatenate(rows)
    vectors[[row for row, text in enumerate(texts) if not text.strip()]] = 0
    return vectors


def _load(name: str) -> tuple[Any, Any]:
    from transformers import AutoModel, AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(name), AutoModel.from_pretrained(name).eval()
    except (OSError, ValueError, KeyError) as problem:
        raise EncoderUnreachable(
            f"The sentence encoder {name!r} could not be loaded: {str(problem).splitlines()[0]} SENTENCE_ENCODER must "
            "name a folder with a transformers encoder and its tokenizer, or a hub name that can be reached."
        ) from problem
