"""A small vision transformer from scratch: patches, blocks, the mean over places.

Dosovitskiy et al. 2021 (arXiv 2010.11929), with two changes for small studies: two convolutions make the patches
(Xiao et al. 2021, arXiv 2106.14881), and the mean over places stands for the class token.
"""

from typing import Any

import torch
from torch import Tensor, nn

from modelserve.networks.encoders import Encoder, Preprocessing
from modelserve.options import SMALL_VIT


class SmallVit(Encoder):
    """Places of 8 x 8 pixels, 4 blocks of width 96: 0.5 million weights. side: a multiple of 8."""

    def __init__(self, side: int = 96, width: int = 96, n_blocks: int = 4, n_heads: int = 4) -> None:
        super().__init__()
        self.preprocessing = Preprocessing(side=side, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
        self.shape = {"width": width, "n_blocks": n_blocks, "n_heads": n_heads}
        self.patches = nn.Sequential(
            nn.Conv2d(3, width // 2, 3, 2, 1),
            nn.GroupNorm(8, width // 2),
            nn.ReLU(),
            nn.Conv2d(width // 2, width, 4, 4),
        )
        self.position = nn.Parameter(torch.zeros(1, (side // 8) ** 2, width))
        nn.init.trunc_normal_(self.position, std=0.02)
        layer = nn.TransformerEncoderLayer(
            width, n_heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, n_blocks, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.n_features = self.n_place_features = width

    def places(self, pixels: Tensor) -> Tensor:
        """(B, S/8 * S/8, W)."""
        places = self.patches(pixels).flatten(2).transpose(1, 2)  # (B, P, W)
        seen: Tensor = self.norm(self.blocks(places + self.position))
        return seen

    def forward(self, pixels: Tensor) -> Tensor:
        return self.places(pixels).mean(dim=1)  # (B, W)

    def description(self) -> dict[str, Any]:
        return {"name": SMALL_VIT, "side": self.preprocessing.side, **self.shape}
