"""The listener: which image is a text about? Image and text meet in one space; trained by contrast, from scratch.

After Affection's listener from scratch (arXiv 2210.01946, supplement: an LSTM beside a convolutional network, trained
by contrast) with the loss of CLIP (Radford et al. 2021, arXiv 2103.00020, fig. 3): in a batch, every text shall find
its image among all images and every image its texts. The widths suit a study of some thousand images on a CPU.
"""

from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from modelserve.networks.encoders import Encoder, make_encoder, rebuild_encoder
from modelserve.networks.pixels import Pixels
from modelserve.options import ListenerOptions
from modelserve.pairs import some_texts
from modelserve.words import word_ids

PADDING = 0  # the word id that fills up a row; no word has it
BANK = 256  # images that are kept as distractors for association probabilities
LARGEST_SCALE = 100.0  # CLIP: keeps the contrast from overflowing


class Listener(nn.Module):
    """Images and texts to points on one unit sphere, where those that belong together lie close."""

    bank: Tensor
    """(N, D) points of images it learned from; the distractors of `association`."""

    def __init__(self, n_words: int, encoder: Encoder, options: ListenerOptions, n_bank: int) -> None:
        super().__init__()
        width = options.width
        self.options, self.n_words = options, n_words
        self.pixels = Pixels(encoder, learns=not options.freeze_encoder, lora_rank=options.lora_rank)
        self.see = nn.Sequential(nn.LayerNorm(encoder.n_features), nn.Linear(encoder.n_features, width))
        self.embedding = nn.Embedding(n_words, width, padding_idx=PADDING)
        self.dropout = nn.Dropout(options.dropout)
        if options.reader == "lstm":
            self.reader: nn.Module = nn.LSTM(width, width, batch_first=True)
            self.tell = nn.Linear(width, width)
        else:
            self.places = nn.Parameter(0.02 * torch.randn(options.max_tokens, width))
            layer = nn.TransformerEncoderLayer(
                width, max(1, width // 32), 4 * width, options.dropout, batch_first=True, norm_first=True
            )
            self.reader = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
            self.tell = nn.Linear(width, width)
        self.log_scale = nn.Parameter(torch.tensor(2.66))  # CLIP starts at ln(1 / 0.07)
        self.register_buffer("bank", torch.zeros(n_bank, width))

    @classmethod
    def create(cls, n_words: int, options: ListenerOptions, n_bank: int) -> Self:
        return cls(n_words, make_encoder(options.encoder, side=options.side), options, n_bank)

    @classmethod
    def rebuild(cls, n_labels: int, options: ListenerOptions, structure: dict[str, Any]) -> Self:
        """The same network with fresh weights, to be filled from its file."""
        return cls(int(structure["n_words"]), rebuild_encoder(structure["encoder"]), options, int(structure["n_bank"]))

    def structure(self) -> dict[str, Any]:
        return {"n_words": self.n_words, "encoder": self.pixels.encoder.description(), "n_bank": len(self.bank)}

    @property
    def side(self) -> int:
        """Pixels of the square that it sees."""
        return self.pixels.encoder.preprocessing.side

    def read(self, texts: Sequence[str], words: Sequence[str]) -> Tensor:
        """(N, T) the numbers of the texts' words in its vocabulary."""
        return torch.from_numpy(word_ids(texts, words, self.options.max_tokens))

    def embed_images(self, images: Tensor) -> Tensor:
        """(B, S, S, 3) uint8, or features (B, F) kept of an eye that does not learn -> (B, D), each of length 1."""
        return functional.normalize(self.see(self.pixels.features(images)).float(), dim=1)

    def embed_texts(self, words: Tensor) -> Tensor:
        """(N, T) word ids, 0 = padding at the end -> (N, D), each of length 1."""
        longest = int((words != PADDING).sum(dim=1).max().clamp_min(1))
        words = words[:, :longest]  # (N, T)
        is_padding = words == PADDING
        seen = self.dropout(self.embedding(words))  # (N, T, D)
        if self.options.reader == "lstm":
            # Forwards only: padding stands at the end, and is kept out of the maximum below.
            states, _ = self.reader(seen)  # (N, T, D)
        else:
            states = self.reader(seen + self.places[:longest], src_key_padding_mask=is_padding)  # (N, T, D)
        states = states.masked_fill(is_padding.unsqueeze(2), -1e4).amax(dim=1)
        return functional.normalize(self.tell(states.clamp_min(-1e2)).float(), dim=1)  # (N, D)

    def scale(self) -> Tensor:
        return self.log_scale.exp().clamp_max(LARGEST_SCALE)

    def loss(self, inputs: tuple[Tensor, Tensor], labels: Tensor) -> Tensor:
        """Cross-entropy of text to image and image to text within the batch, mean of both.

        inputs: images (B, S, S, 3) uint8, words (B, R, T); labels (B, R), -1 where there is no text. An image's other
        texts are no mistake: its share is spread over all of them.
        """
        images, words = inputs
        texts, _, image = some_texts(words, labels, self.options.texts_per_image if self.training else 0)
        return listening_loss(self.embed_images(images), self.embed_texts(texts), image, self.scale())

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        """(factor on the learning rate, weights that learn)."""
        return self.pixels.groups_within(self, self.options)


def listening_loss(seen: Tensor, told: Tensor, image: Tensor, scale: Tensor) -> Tensor:
    """seen (B, D) images, told (M, D) texts, all of length 1; image (M,): whose text each is."""
    # In half the digits nearby images would be equally near: cosines are scaled by up to 100.
    with torch.autocast(seen.device.type, enabled=False):
        logits = scale.float() * told.float() @ seen.float().T  # (M, B)
    to_image = functional.cross_entropy(logits, image)
    belongs = functional.one_hot(image, len(seen)).T.float()  # (B, M)
    logs = functional.log_softmax(logits.T, dim=1)  # (B, M)
    to_text = -((belongs * logs).sum(dim=1) / belongs.sum(dim=1).clamp_min(1)).mean()
    return (to_image + to_text) / 2


def association(similarity: Tensor, with_bank: Tensor) -> Tensor:
    """log P_L(image | text), (N,): that a text picks its image among the distractors of the bank.

    similarity (N,): scaled cosine of every text and its image; with_bank (N, M): of the texts and the bank's images.
    Reference: Affection's pragmatic speaker takes an image-text association probability from CLIP; over which set it
    is normalised is not printed, so it is said here: the image itself and the bank.
    """
    return similarity - torch.logsumexp(torch.cat([similarity.unsqueeze(1), with_bank], dim=1), dim=1)
