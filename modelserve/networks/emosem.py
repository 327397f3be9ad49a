"""Image and emotion to the mask of what stirs it, and to a sentence that says why: shaped as EmoSEM, sized for a CPU.

After EmoSEM (Zhang, Guo, Li and Wang 2025, arXiv 2504.14658): a SAM-style image encoder; a prompt 'generate the mask
for the emotion __' in the language model's own word embeddings, brought to the mask decoder by a linear emotion
projector; a learnable mask token that attends with the prompt to itself and, both ways, to the image; a prefix adapter
that gives mask and emotion to a GPT-2-style language model. The mask decoder's layout is that of Segment Anything
(Kirillov et al. 2023, arXiv 2304.02643, section A), with a finer path from the encoder's first layer. EmoSEM's losses
are not published; the obvious ones are taken: binary cross-entropy and Dice for the mask, cross-entropy for the words.
"""

from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from modelserve.networks.gpt import Gpt
from modelserve.options import EmoSemOptions

PROMPT = "generate the mask for the emotion"
PADDING, START, END, UNKNOWN = 0, 1, 2, 3  # snapshots.cleaning.SPECIAL_TOKENS, in their order
STRIDE = 4  # pixels per place of the encoder's grid


class SamEncoder(nn.Module):
    """Pixels (B, 3, S, S) to places (B, P, D) of a grid of S/4, and a finer map (B, D/4, S/2, S/2) for edges.

    Convolutions first, then transformer blocks over all places, as a ViT whose patches overlap: a small study cannot
    teach a bare patch embedding to see.
    """

    def __init__(self, side: int, width: int, n_blocks: int, n_heads: int) -> None:
        super().__init__()
        self.grid = side // STRIDE
        self.fine = nn.Sequential(nn.Conv2d(3, width // 4, 3, 2, 1), nn.GroupNorm(4, width // 4), nn.ReLU())
        self.coarse = nn.Sequential(
            nn.Conv2d(width // 4, width // 2, 3, 2, 1),
            nn.GroupNorm(8, width // 2),
            nn.ReLU(),
            nn.Conv2d(width // 2, width, 3, 1, 1),
            nn.GroupNorm(8, width),
            nn.ReLU(),
        )
        self.position = nn.Parameter(torch.zeros(1, self.grid**2, width))
        layer = nn.TransformerEncoderLayer(
            width, n_heads, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, n_blocks, enable_nested_tensor=False)
        self.neck = nn.LayerNorm(width)
        nn.init.trunc_normal_(self.position, std=0.02)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        fine = self.fine(pixels)  # (B, D/4, S/2, S/2)
        places = self.coarse(fine).flatten(2).transpose(1, 2)  # (B, P, D)
        return self.neck(self.blocks(places + self.position)), fine


class TwoWayBlock(nn.Module):
    """Tokens attend to themselves and to the places; then the places attend to the tokens."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.own = nn.MultiheadAttention(width, n_heads, batch_first=True)
        self.to_image = nn.MultiheadAttention(width, n_heads, batch_first=True)
        self.from_image = nn.MultiheadAttention(width, n_heads, batch_first=True)
        self.think = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(4))

    def forward(self, tokens: Tensor, places: Tensor, where: Tensor) -> tuple[Tensor, Tensor]:
        """tokens (N, L, D), places (N, P, D), where (1, P, D): what tells the places apart."""
        tokens = self.norms[0](tokens + self.own(tokens, tokens, tokens, need_weights=False)[0])
        seen = self.to_image(tokens, places + where, places, need_weights=False)[0]
        tokens = self.norms[1](tokens + seen)
        tokens = self.norms[2](tokens + self.think(tokens))
        told = self.from_image(places + where, tokens, tokens, need_weights=False)[0]
        return tokens, self.norms[3](places + told)


class EmoSem(nn.Module):
    """images (B, S, S, 3) uint8 and emotions (N,) -> mask logits (N, S, S) and, word by word, texts.

    n_words: of the vocabulary, whose first four are the special tokens. prompts (K, L): for each emotion the numbers of
    the prompt's words and of its name, PADDING at the end.
    """

    prompts: Tensor

    def __init__(self, n_words: int, prompts: Tensor, options: EmoSemOptions) -> None:
        super().__init__()
        self.options, self.n_words = options, n_words
        width = options.width
        self.register_buffer("prompts", prompts)
        self.encoder = SamEncoder(options.side, width, options.encoder_blocks, options.heads)
        self.writer = Gpt(
            n_words, options.language_width, options.language_blocks, options.heads, options.max_tokens + 64
        )
        self.emotion_projector = nn.Linear(options.language_width, width)
        self.prompt_norm = nn.LayerNorm(width)
        self.mask_token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.mixer = nn.ModuleList(TwoWayBlock(width, options.heads) for _ in range(options.mixer_blocks))
        self.up = nn.ConvTranspose2d(width, width // 4, 2, 2)
        self.finer = nn.Conv2d(width // 4, width // 4, 3, 1, 1)
        self.up_again = nn.ConvTranspose2d(width // 4, width // 4, 2, 2)
        self.mask_head = nn.Sequential(
            nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width // 4)
        )
        # The prefix: what is to be seen (a coarse grid), what the mask holds, the mask token, the emotion.
        self.see = nn.Linear(width, options.language_width)
        self.adapt = nn.Sequential(
            nn.Linear(3 * width, options.language_width),
            nn.GELU(),
            nn.Linear(options.language_width, 2 * options.language_width),
        )

    @classmethod
    def rebuild(cls, n_labels: int, options: EmoSemOptions, structure: dict[str, Any]) -> Self:
        """The same network with fresh weights, to be filled from its file."""
        return cls(int(structure["n_words"]), torch.tensor(structure["prompts"], dtype=torch.int64), options)

    def structure(self) -> dict[str, Any]:
        return {"n_words": self.n_words, "prompts": self.prompts.tolist()}

    @property
    def side(self) -> int:
        """Pixels of the square that it sees."""
        return self.options.side

    def see_image(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """images (B, S, S, 3) uint8 -> places (B, P, D) and the finer map (B, D/4, S/2, S/2)."""
        pixels = (images.permute(0, 3, 1, 2).float() / 255.0 - 0.5) / 0.25
        places: tuple[Tensor, Tensor] = self.encoder(pixels)
        return places

    def find(self, seen: tuple[Tensor, Tensor], emotions: Tensor) -> tuple[Tensor, Tensor]:
        """seen: a row per emotion (N,) -> mask logits (N, S, S), prefix (N, F, W) for the writer."""
        places, fine = seen
        words = self.prompts[emotions]  # (N, L)
        prompt = self.emotion_projector(self.writer.embedding(words))  # (N, L, D)
        prompt = self.prompt_norm(prompt) * (words != PADDING).unsqueeze(2)
        asked = torch.cat([self.mask_token.expand(len(emotions), -1, -1), prompt], dim=1)  # (N, 1+L, D)
        tokens, mixed = torch.zeros_like(asked), places
        for block in self.mixer:
            # What was asked is said again to every block, as in Segment Anything.
            tokens, mixed = block(tokens + asked, mixed, self.encoder.position)
        grid = self.encoder.grid
        map_ = mixed.transpose(1, 2).reshape(len(emotions), -1, grid, grid)  # (N, D, S/4, S/4)
        map_ = functional.relu(self.finer(functional.relu(self.up(map_)) + fine))  # (N, D/4, S/2, S/2)
        map_ = functional.relu(self.up_again(map_))  # (N, D/4, S, S)
        mask_token = tokens[:, 0]  # (N, D)
        logits = torch.einsum("nd,ndhw->nhw", self.mask_head(mask_token), map_).float()  # (N, S, S)
        return logits, self._prefix(places, logits, mask_token, prompt.sum(dim=1))

    def _prefix(self, places: Tensor, logits: Tensor, mask_token: Tensor, emotion: Tensor) -> Tensor:
        n, grid = len(places), self.encoder.grid
        as_map = places.transpose(1, 2).reshape(n, -1, grid, grid)
        coarse = functional.adaptive_avg_pool2d(as_map, self.options.prefix_grid).flatten(2).transpose(1, 2)
        inside = functional.adaptive_avg_pool2d(torch.sigmoid(logits).unsqueeze(1), grid).flatten(2)  # (N, 1, P)
        held = (inside @ places).squeeze(1) / inside.sum(dim=2).clamp_min(1e-3)  # (N, D)
        fused = self.adapt(torch.cat([held, mask_token, emotion], dim=1)).reshape(n, 2, -1)  # (N, 2, W)
        return torch.cat([self.see(coarse), fused], dim=1)  # (N, G*G + 2, W)

    def forward(self, images: Tensor, emotions: Tensor) -> Tensor:
        """images (N, S, S, 3), emotions (N,) -> mask logits (N, S, S)."""
        return self.find(self.see_image(images), emotions)[0]

    def loss(self, inputs: tuple[Tensor, Tensor, Tensor], masks: Tensor) -> Tensor:
        """Mean over (image, emotion) pairs: BCE + Dice of the mask, and the words' cross-entropy where there are words.

        inputs: images (B, S, S, 3) uint8, words (B, R, T) of R texts from <sos> on, labels (B, R), -1 where there is
        no text. masks (B, K, 1 + S*S/8) uint8: whether the mask of the emotion is known (1), then its bits.
        """
        images, words, labels = inputs
        known, truth = _unpacked(masks, self.options.side)  # (B, K), (B, K, S, S)
        seen = self.see_image(images)
        image, emotion = self._pairs(known, truth)
        row, text = _some_texts(labels, all_of_them=not self.training)
        if not self.options.writes:
            row, text = row[:0], text[:0]
        # Those whose texts are learned come last, and teach their masks, too.
        image, emotion = torch.cat([image, row]), torch.cat([emotion, labels[row, text]])
        if not len(image):
            return self.mask_token.sum() * 0
        logits, prefix = self.find((seen[0][image], seen[1][image]), emotion)
        drawn = known[image, emotion].bool()
        total = _mask_loss(logits[drawn], truth[image, emotion][drawn])
        if not len(row):
            return total
        prefix = prefix[-len(row) :]
        said = words[row, text]  # (M, T)
        longest = int((said != PADDING).sum(dim=1).max())
        before, after = said[:, : longest - 1], said[:, 1:longest]
        scores = self.writer.say(prefix, before)  # (M, T, V)
        language = functional.cross_entropy(scores[after != PADDING], after[after != PADDING])
        return total + self.options.language_weight * language

    def _pairs(self, known: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
        """(N,), (N,) image and emotion: while learning a few per image, those with something to find more often."""
        if not self.training:
            image, emotion = known.nonzero(as_tuple=True)
            return image, emotion
        weight = known.float() * (0.35 + 0.65 * truth.flatten(2).any(dim=2).float())
        has_any = weight.sum(dim=1) > 0
        image = has_any.nonzero().squeeze(1)
        n = min(self.options.emotions_per_image, truth.shape[1])
        # Gumbel's trick: n different emotions per image, in proportion to their weights.
        chance = -torch.log(-torch.log(torch.rand_like(weight).clamp(1e-6, 1 - 1e-6))) + torch.log(weight + 1e-9)
        chosen = chance[image].topk(n, dim=1).indices  # (I, n)
        image, emotion = image.repeat_interleave(n), chosen.flatten()
        keep = known[image, emotion].bool()
        return image[keep], emotion[keep]

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        """(factor on the learning rate, weights that learn)."""
        return [(1.0, list(self.parameters()))]

    @torch.inference_mode()
    def answer(
        self, images: Tensor, emotions: Tensor, *, temperature: float = 0.0, seed: int = 0
    ) -> tuple[Tensor, Tensor]:
        """images (N, S, S, 3), emotions (N,) -> shares (N, S, S) 0..1 and words (N, T), END and PADDING at the end.

        temperature 0: the likeliest word every time; above: words at random, the same for the same seed.
        """
        logits, prefix = self.find(self.see_image(images), emotions)
        words = self.writer.write(prefix, self.options.max_tokens, temperature=temperature, seed=seed)
        return torch.sigmoid(logits), words


def _mask_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """logits, truth (N, S, S): binary cross-entropy per pixel, plus Dice over each mask."""
    if not len(logits):
        return logits.sum()
    entropy = functional.binary_cross_entropy_with_logits(logits, truth)
    shares = torch.sigmoid(logits).flatten(1)
    wanted = truth.flatten(1)
    dice = 1 - (2 * (shares * wanted).sum(dim=1) + 1) / (shares.sum(dim=1) + wanted.sum(dim=1) + 1)
    return 2 * entropy + dice.mean()


def _unpacked(masks: Tensor, side: int) -> tuple[Tensor, Tensor]:
    bits = masks[:, :, 1:].unsqueeze(3) >> torch.arange(7, -1, -1, dtype=torch.uint8, device=masks.device)
    truth = (bits & 1).reshape(*masks.shape[:2], side, side).float()
    return masks[:, :, 0], truth


def _some_texts(labels: Tensor, *, all_of_them: bool) -> tuple[Tensor, Tensor]:
    """(M,), (M,) image and place of texts: one at random per image while learning, else the first of each."""
    has_text = labels >= 0  # (B, R)
    row = has_text.any(dim=1).nonzero().squeeze(1)
    if all_of_them:
        return row, has_text[row].float().argmax(dim=1)
    chance = torch.rand(labels.shape, device=labels.device) * has_text
    return row, chance[row].argmax(dim=1)
