"""From a speaker to texts: beam search and sampling, a batch of images at a time, every word's state kept.

As ArtEmis' public code samples (arXiv 2101.07396; Affection, supplement: beam 20, temperature 0.3): scores divided by
a temperature, no <unk>, no bigram twice. That code writes one image at a time; here all images of a batch and all their
beams are one tensor. A finished text stays in its beam and competes with those still being written, by the sum of its
words' log-probabilities.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from modelserve.networks.speaker import END, PADDING, START, UNKNOWN, UNTOLD, Speaker, State

IMPOSSIBLE = float("-inf")


@dataclass(frozen=True, slots=True)
class Decoding:
    """How texts are chosen. beam 0: words are drawn by chance, of the likeliest that together hold top_p."""

    beam: int = 5
    temperature: float = 0.3
    top_p: float = 1.0
    max_words: int = 30
    no_repeated_bigram: bool = True
    seed: int = 2021

    def check(self) -> None:
        """Raises ValueError naming the option."""
        for name, least, most in (
            ("beam", 0, 64),
            ("temperature", 0.01, 10),
            ("top_p", 0.01, 1),
            ("max_words", 1, 500),
        ):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name}: got {getattr(self, name)}; allowed is {least} to {most}.")


@dataclass(frozen=True, slots=True)
class Written:
    """One text: words, its natural log-probability by the speaker (temperature 1), where it looked.

    words: ids without <sos> and <eos>; label: what it named first (joint_label) or was told, else UNTOLD;
    attention: (n_words, P), a row per word, summing to 1; score: what the search ordered by.
    """

    words: tuple[int, ...]
    log_probability: float
    score: float
    label: int
    attention: Tensor


@torch.inference_mode()
def write(
    speaker: Speaker, images: Tensor, emotions: Tensor | None = None, *, options: Decoding, n: int = 1
) -> list[list[Written]]:
    """The n best texts (or, drawn by chance, n texts) for each image, the best first.

    images (B, S, S, 3) uint8, or (B, P, F) places; emotions (B,), UNTOLD where none is told. With a beam narrower than
    n, the beam is n wide. May give fewer where a vocabulary allows no more.
    """
    options.check()
    was_training = speaker.training
    speaker.eval()
    if emotions is None:
        emotions = torch.full((len(images),), UNTOLD, device=images.device)
    width = max(options.beam, n) if options.beam else n
    search = _Search(speaker, images, emotions, width, options)
    found = search.run()
    speaker.train(was_training)
    return [texts[:n] for texts in found]


class _Search:
    """B images, each with W texts being written; row b * W + w is text w of image b."""

    def __init__(self, speaker: Speaker, images: Tensor, emotions: Tensor, width: int, options: Decoding) -> None:
        self.speaker, self.options, self.width = speaker, options, width
        self.emotions, self.n_images = emotions, len(images)
        self.device = images.device
        self.limit = min(options.max_words, speaker.options.max_tokens - 2)
        is_joint = speaker.options.joint_label
        told = torch.full_like(emotions, UNTOLD) if is_joint else emotions
        places = speaker.pixels.places(images)
        state = speaker.begin(places, speaker.told_emotion(told))
        self.rows = torch.arange(self.n_images, device=self.device).repeat_interleave(width)  # (B * W,) whose image
        self.state: State = state.select(self.rows)
        self.never = torch.tensor([PADDING, START, UNKNOWN], device=self.device)
        self.generator = torch.Generator(device=self.device).manual_seed(options.seed)

    def run(self) -> list[list[Written]]:
        n_rows, speaker = self.n_images * self.width, self.speaker
        words = torch.full((n_rows, 1), START, device=self.device)
        scores = torch.full((self.n_images, self.width), IMPOSSIBLE, device=self.device)
        scores[:, 0] = 0.0  # all texts of an image begin alike: only the first may branch
        if not self.options.beam:
            scores[:] = 0.0
        logs = torch.zeros(n_rows, device=self.device)
        is_done = torch.zeros(n_rows, dtype=torch.bool, device=self.device)
        origins: list[Tensor] = []
        looked: list[Tensor] = []
        first = 1 if speaker.options.joint_label else 0
        for number in range(self.limit + 1 + first):
            hidden, attention, self.state = speaker.step(self.state, words[:, -1])
            logits = speaker.next_words(hidden)  # (B * W, V)
            plain = logits.log_softmax(dim=1)
            must_end = number == self.limit + first
            ranked = self._allowed(logits, words, names_label=number < first, is_first=number == first, end=must_end)
            ranked = (ranked / self.options.temperature).log_softmax(dim=1)
            # A finished text goes on by padding alone, which costs nothing.
            ranked = ranked.masked_fill(is_done.unsqueeze(1), IMPOSSIBLE)
            ranked[is_done, PADDING] = 0.0
            origin, chosen, scores = self._choose(ranked, scores)
            gained = plain[origin, chosen].masked_fill(is_done[origin], 0.0)
            logs = logs[origin] + gained
            words = torch.cat([words[origin], chosen.unsqueeze(1)], dim=1)
            is_done = is_done[origin] | (chosen == END)
            origins.append(origin)
            looked.append(attention)
            self.state = self.state.reorder(origin)
            if bool((is_done | torch.isinf(scores.flatten())).all()):
                break
        return self._collect(words, scores, logs, origins, looked, first)

    def _allowed(self, logits: Tensor, words: Tensor, *, names_label: bool, is_first: bool, end: bool) -> Tensor:
        """Logits with what may not follow made impossible."""
        speaker = self.speaker
        if names_label:
            allowed = torch.full_like(logits, IMPOSSIBLE)
            allowed[:, speaker.first_label :] = logits[:, speaker.first_label :]
            told = self.emotions[self.rows]  # (B * W,)
            is_told = told >= 0
            if bool(is_told.any()):
                only = torch.full_like(logits[is_told], IMPOSSIBLE)
                only[torch.arange(len(only)), speaker.first_label + told[is_told]] = 0.0
                allowed[is_told] = only
            return allowed
        allowed = logits.clone()
        allowed[:, self.never] = IMPOSSIBLE
        allowed[:, speaker.n_words :] = IMPOSSIBLE
        if is_first:
            allowed[:, END] = IMPOSSIBLE  # an empty text explains nothing
        if end:
            only_end = torch.full_like(allowed, IMPOSSIBLE)
            only_end[:, END] = 0.0
            return only_end
        if self.options.no_repeated_bigram and words.shape[1] > 2:
            again = words[:, :-1] == words[:, -1:]  # (N, T - 1): where the last word stood before
            followers = words[:, 1:].masked_fill(~again, PADDING)  # padding is impossible already
            allowed.scatter_(1, followers, IMPOSSIBLE)
        return allowed

    def _choose(self, ranked: Tensor, scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """origin (B * W,): the row that each text goes on from; chosen (B * W,): its next word; scores (B, W)."""
        n_words = ranked.shape[1]
        if not self.options.beam:
            shares = ranked.exp()
            if self.options.top_p < 1:
                ordered, order = shares.sort(dim=1, descending=True)
                is_kept = ordered.cumsum(dim=1) - ordered < self.options.top_p  # the likeliest always
                shares = torch.zeros_like(shares).scatter(1, order, ordered * is_kept)
            chosen = torch.multinomial(shares, 1, generator=self.generator).squeeze(1)
            origin = torch.arange(len(ranked), device=self.device)
            return origin, chosen, scores + ranked[origin, chosen].view_as(scores)
        # No text of an image can go on better than by its W best words.
        best, words = ranked.topk(min(self.width, n_words), dim=1)  # (B * W, W)
        n_best = best.shape[1]
        totals = scores.unsqueeze(2) + best.view(self.n_images, self.width, n_best)  # (B, W, W)
        scores, place = totals.flatten(1).topk(self.width, dim=1)  # (B, W)
        start = torch.arange(self.n_images, device=self.device).unsqueeze(1) * self.width
        origin = (start + place // n_best).flatten()
        return origin, words[origin, (place % n_best).flatten()], scores

    def _collect(
        self, words: Tensor, scores: Tensor, logs: Tensor, origins: list[Tensor], looked: list[Tensor], first: int
    ) -> list[list[Written]]:
        n_steps = len(origins)
        row = torch.arange(len(words), device=self.device)
        attention = []
        for step in range(n_steps - 1, -1, -1):
            row = origins[step][row]
            attention.append(looked[step][row])
        where = torch.stack(attention[::-1], dim=1).cpu()  # (B * W, T, P)
        flat, logs_list = scores.flatten().tolist(), logs.tolist()
        table, emotions = words.tolist(), self.emotions.tolist()
        found: list[list[Written]] = []
        for image in range(self.n_images):
            texts = []
            for number in range(image * self.width, (image + 1) * self.width):
                if flat[number] == IMPOSSIBLE:
                    continue
                said = table[number][1:]
                end = said.index(END) if END in said else len(said)
                label = said[0] - self.speaker.first_label if first else emotions[image]
                texts.append(
                    Written(tuple(said[first:end]), logs_list[number], flat[number], label, where[number, first:end])
                )
            found.append(sorted(texts, key=lambda text: -text.score))
        return found
