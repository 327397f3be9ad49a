"""Sentence embeddings by an encoder in a folder: made here, tiny and untrained, so that nothing is downloaded."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel, BertTokenizerFast

from modelserve.errors import EncoderUnreachable
from modelserve.sentences import sentence_vectors


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "dog", "sleeps", "by", "the", "lake"]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(vocab_size=len(words), **small)).save_pretrained(folder)
    return folder


def test_vectors_have_length_one_in_the_order_of_the_texts(encoder: Path) -> None:
    texts = ["the dog sleeps by the lake", "a dog", "", "the lake"]

    vectors = sentence_vectors(str(encoder), texts)

    assert vectors.shape == (4, 16)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 0, 1], abs=1e-5)
    # a text's vector does not depend on who is in the batch, nor on the padding it gets there
    for row, text in enumerate(texts):
        assert sentence_vectors(str(encoder), [text])[0] == pytest.approx(vectors[row], abs=1e-5)


def test_no_texts_give_no_vectors(encoder: Path) -> None:
    assert sentence_vectors(str(encoder), []).shape == (0, 16)


def test_a_folder_without_an_encoder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnreachable, match="SENTENCE_ENCODER must name a folder"):
        sentence_vectors(str(tmp_path / "absent"), ["a dog"])
