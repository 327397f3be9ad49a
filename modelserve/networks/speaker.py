"""What all speakers share: the eye, the emotion they are told, the loss, SEVLM's heads, and the steps of decoding.

Grounding after Affection and ArtEmis (arXiv 2210.01946, 2101.07396): the emotion, one-hot, through a small linear layer
and a ReLU, given at every step. Options after SEVLM (Zhang, Zheng, Wang and Guo 2024, arXiv 2403.11150): the label is
said before the explanation; a head reads valence, arousal and dominance off the text, and every word brings its own;
image, emotion and explanation are pulled together by contrast.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from modelserve.networks.encoders import Encoder
from modelserve.networks.pixels import Pixels
from modelserve.options import SpeakerOptions
from modelserve.pairs import some_texts

PADDING, START, END, UNKNOWN = 0, 1, 2, 3  # snapshots.cleaning.SPECIAL_TOKENS, in their order
UNTOLD = -1  # the emotion of a speaker that is told none
CONTRAST_TEMPERATURE = 0.07


@dataclass(frozen=True, slots=True)
class Told:
    """Teacher forcing: hidden (N, T, H) before the word at T is chosen, attention (N, T, P), each row summing to 1."""

    hidden: Tensor
    attention: Tensor


@dataclass(frozen=True, slots=True)
class State:
    """Where N half-written texts stand; the tensors mean what the decoder says, each with N rows.

    tensors: what the words so far have changed; of_image: what the picture and the emotion alone decide.
    """

    tensors: tuple[Tensor, ...]
    of_image: tuple[Tensor, ...]

    def select(self, rows: Tensor) -> "State":
        """The texts of these rows, in this order; a row may be taken several times."""
        return State(*(tuple(part.index_select(0, rows) for part in parts) for parts in (self.tensors, self.of_image)))

    def reorder(self, rows: Tensor) -> "State":
        """As `select`, where every row is replaced by one of the same picture and emotion: what these decide stays."""
        return State(tuple(part.index_select(0, rows) for part in self.tensors), self.of_image)


class Speaker(nn.Module):
    """Images, and emotions if it is told any, to texts. The decoders fill in `tell`, `begin` and `step`.

    n_words: of the vocabulary, whose first four are the special tokens; where the label is said first (joint_label),
    the K labels follow as words of their own, from `first_label` on.
    """

    vad: Tensor
    """(V, 3) valence, arousal and dominance of every word, -1..1, 0 where the lexicon has none."""

    def __init__(self, n_words: int, n_labels: int, encoder: Encoder, options: SpeakerOptions) -> None:
        super().__init__()
        self.options, self.n_words, self.n_labels = options, n_words, n_labels
        self.first_label = n_words
        n_tokens = n_words + (n_labels if options.joint_label else 0)
        self.n_tokens = n_tokens
        self.pixels = Pixels(encoder, learns=not options.freeze_encoder, lora_rank=options.lora_rank)
        # one more than the labels: 'it is not told'
        feel = nn.Linear(n_labels + 1, options.emotion_width)
        self.feel = nn.Sequential(feel, nn.ReLU())
        # one of K + 1 inputs is 1: with the usual small weights the emotion would be a whisper beside the picture
        nn.init.normal_(feel.weight)
        self.dropout = nn.Dropout(options.dropout)
        self.output = nn.Linear(options.hidden, n_tokens)
        self.register_buffer("vad", torch.zeros(n_tokens, 3))
        if options.vad_weight:
            self.read_vad = nn.Sequential(nn.Linear(options.hidden, 64), nn.ReLU(), nn.Linear(64, 3))
        if options.contrastive_weight:
            width = min(128, options.hidden)
            self.image_point = nn.Linear(encoder.n_place_features, width)
            self.emotion_point = nn.Embedding(n_labels, width)
            self.text_point = nn.Linear(options.hidden, width)

    def structure(self) -> dict[str, Any]:
        return {"n_words": self.n_words, "encoder": self.pixels.encoder.description()}

    @property
    def side(self) -> int:
        """Pixels of the square that it sees."""
        return self.pixels.encoder.preprocessing.side

    def start_from(self, frequencies: Tensor) -> None:
        """Let the untrained speaker choose words by how often people do; frequencies (n_words,) of the training texts.

        ArtEmis' 'token-frequency bias' of the output layer.
        """
        with torch.no_grad():
            bias = torch.log(frequencies.clamp_min(1.0) / frequencies.sum().clamp_min(1.0))
            self.output.bias[: self.n_words].copy_(bias)
            self.output.bias[self.n_words :].fill_(float(bias.min()))

    def tell(self, places: Tensor, emotion: Tensor, words: Tensor) -> Told:
        """places (N, P, F), emotion (N, E), words (N, T) so far, from <sos> on."""
        raise TypeError(f"{type(self).__name__} does not speak")

    def begin(self, places: Tensor, emotion: Tensor) -> State:
        """places (N, P, F), emotion (N, E): before the first word."""
        raise TypeError(f"{type(self).__name__} does not speak")

    def step(self, state: State, words: Tensor) -> tuple[Tensor, Tensor, State]:
        """words (N,), the last of every text -> hidden (N, H), attention (N, P) and where the texts stand now."""
        raise TypeError(f"{type(self).__name__} does not speak")

    def told_emotion(self, labels: Tensor) -> Tensor:
        """labels (N,), UNTOLD where none is told -> (N, E)."""
        which = torch.where(labels < 0, self.n_labels, labels)
        felt: Tensor = self.feel(functional.one_hot(which, self.n_labels + 1).float())
        return felt

    def next_words(self, hidden: Tensor) -> Tensor:
        """(..., H) -> logits (..., V + K), of words and, with joint_label, labels."""
        logits: Tensor = self.output(hidden)
        return logits.float()

    def loss(self, inputs: tuple[Tensor, Tensor], labels: Tensor) -> Tensor:
        """Cross-entropy per word, and what the options add. images and words as `Listener.loss`; labels (B, R)."""
        return self.weighed_loss(inputs, labels)[0]

    def weighed_loss(self, inputs: tuple[Tensor, Tensor], labels: Tensor) -> tuple[Tensor, Tensor]:
        """The loss, and over how many words it is the mean. What the options add is weighed alike."""
        images, words = inputs
        texts, emotions, image = some_texts(words, labels, self.options.texts_per_image if self.training else 0)
        told = self._what_it_is_told(emotions, image, words, labels)
        if self.options.joint_label:
            texts = torch.cat([texts[:, :1], (self.first_label + emotions).unsqueeze(1), texts[:, 1:]], dim=1)
        longest = int((texts != PADDING).sum(dim=1).max())
        before, after = texts[:, : longest - 1], texts[:, 1:longest]  # (M, T)
        places = self.pixels.places(images)  # (B, P, F)
        said = self.tell(places[image], self.told_emotion(told), before)
        is_word = after != PADDING  # (M, T)
        logits = self.next_words(self.dropout(said.hidden))  # (M, T, V)
        # Validation does not count what keeps the attention even: it is no part of how well the words are known.
        losses = functional.cross_entropy(logits[is_word], after[is_word])
        if self.training and self.options.decoder == "lstm" and self.options.coverage:
            looked = (said.attention * is_word.unsqueeze(2)).sum(dim=1)  # (M, P)
            losses = losses + self.options.coverage * ((1 - looked) ** 2).mean()
        if self.training:
            losses = losses + self._heads(places, image, said.hidden, after, emotions)
        return losses, is_word.sum()

    def word_losses(self, images: Tensor, texts: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """(N,) the summed negative log-probability of each text in nats, and how many words it has, <eos> included.

        images (N, S, S, 3) or (N, P, F); texts (N, T) from <sos> on; labels (N,): what the writers felt, which it is
        told unless its grounding is 'none'. One that names the emotion first pays for it only where it is not told.
        """
        is_told = self.options.grounding != "none"
        if self.options.joint_label:
            texts = torch.cat([texts[:, :1], (self.first_label + labels).unsqueeze(1), texts[:, 1:]], dim=1)
        told = labels if is_told and not self.options.joint_label else torch.full_like(labels, UNTOLD)
        longest = int((texts != PADDING).sum(dim=1).max())
        before, after = texts[:, : longest - 1], texts[:, 1:longest]
        said = self.tell(self.pixels.places(images), self.told_emotion(told), before)
        logits = self.next_words(said.hidden)
        losses = functional.cross_entropy(logits.transpose(1, 2), after, reduction="none", ignore_index=PADDING)
        if self.options.joint_label and is_told:
            losses = losses[:, 1:]
        is_word = (after != PADDING) & (after < self.first_label)
        return losses.sum(dim=1), is_word.sum(dim=1)

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        """(factor on the learning rate, weights that learn)."""
        return self.pixels.groups_within(self, self.options)

    def _what_it_is_told(self, emotions: Tensor, image: Tensor, words: Tensor, labels: Tensor) -> Tensor:
        """emotions, image (M,): each text's own; words (B, R, T), labels (B, R): all that there are."""
        if self.options.grounding == "none" or self.options.joint_label:
            return torch.full_like(emotions, UNTOLD)
        if self.options.grounding == "always":
            return emotions
        if self.training:
            is_told = torch.rand(emotions.shape, device=emotions.device) < 0.5
        else:
            # Validation: every second text of an image, the first or the second by its words, so that the loss of an
            # epoch depends neither on luck nor on who else is in the batch.
            place = (labels >= 0).cumsum(dim=1)[labels >= 0]  # (M,)
            is_told = (place + words.long().sum(dim=(1, 2))[image]) % 2 == 0
        return torch.where(is_told, emotions, UNTOLD)

    def _heads(self, places: Tensor, image: Tensor, hidden: Tensor, words: Tensor, emotions: Tensor) -> Tensor:
        """SEVLM's two heads; hidden (M, T, H), words (M, T) that follow."""
        loss = hidden.new_zeros(())
        is_word = (words != PADDING).unsqueeze(2).float()
        mean_hidden = (hidden * is_word).sum(dim=1) / is_word.sum(dim=1)  # (M, H)
        if self.options.vad_weight:
            of_words = self.vad[words]  # (M, T, 3)
            is_rated = (of_words != 0).any(dim=2, keepdim=True).float()
            people = (of_words * is_rated).sum(dim=1) / is_rated.sum(dim=1).clamp_min(1)  # (M, 3)
            # Of a text without a rated word nothing is known; it is not neutral.
            is_known = is_rated.any(dim=1).float()  # (M, 1)
            gaps = (self.read_vad(mean_hidden) - people).square().mean(dim=1, keepdim=True) * is_known
            loss = loss + self.options.vad_weight * gaps.sum() / is_known.sum().clamp_min(1)
        if self.options.contrastive_weight:
            seen = functional.normalize(self.image_point(places.mean(dim=1)), dim=1)[image]  # (M, C)
            felt = functional.normalize(self.emotion_point(emotions), dim=1)  # (M, C)
            told = functional.normalize(self.text_point(mean_hidden), dim=1)  # (M, C)
            same_image, same_emotion = image[:, None] == image[None], emotions[:, None] == emotions[None]  # (M, M)
            pulled = _contrast(told, seen, same_image) + _contrast(told, felt, same_emotion)
            loss = loss + self.options.contrastive_weight * (pulled + _contrast(seen, felt, same_emotion)) / 3
        return loss


def _contrast(rows: Tensor, others: Tensor, belongs: Tensor) -> Tensor:
    """Each row's share of the probability that falls on others it belongs to, as a loss; belongs (M, M) bool."""
    with torch.autocast(rows.device.type, enabled=False):  # as in `listening_loss`
        logs = functional.log_softmax(rows.float() @ others.float().T / CONTRAST_TEMPERATURE, dim=1)  # (M, M)
    return -torch.logsumexp(logs.masked_fill(~belongs, float("-inf")), dim=1).mean()
