"""Pragmatic speaking: of a speaker's texts, the one by which a listener would find the image.

Affection (arXiv 2210.01946, sec. 4 and supplement): score(i, u) = beta * log P_L(i, u) + (1 - beta) * log P_S(u | i),
beta = 0.25, with both terms brought to similar size by their means.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from modelserve.networks.by_option import AnyListener
from modelserve.networks.listener import association

BETA = 0.25
CANDIDATES = 20  # the beam of Affection's supplement
LEAST_MEAN = 0.05  # nats: where a listener is sure of everything, its differences are noise and are not blown up


@torch.inference_mode()
def listener_logs(listener: AnyListener, image_points: Tensor, texts: Sequence[str], words: Sequence[str]) -> Tensor:
    """log P_L (N,) of every text and the image whose point (N, D) is in its row; words: the listener's."""
    told = listener.embed_texts(listener.read(texts, words).to(image_points.device))  # (N, D)
    scale = listener.scale()
    return association(scale * (told * image_points).sum(dim=1), scale * told @ listener.bank.T)


def pragmatic_scores(speaker_logs: Tensor, heard_logs: Tensor, *, beta: float = BETA) -> Tensor:
    """(N,) scores of all candidates of all images of a call, by which each image's are ordered.

    speaker_logs: log P_S; heard_logs: log P_L. The latter are multiplied so that both have the same mean magnitude over
    the call. beta 0: the speaker decides alone; 1: the listener does.
    """
    if not len(speaker_logs):
        return speaker_logs
    factor = speaker_logs.abs().mean() / heard_logs.abs().mean().clamp_min(LEAST_MEAN)
    return beta * heard_logs * factor + (1 - beta) * speaker_logs
