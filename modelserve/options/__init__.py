"""Every option of a training run: default, range and meaning, in one table that pages, API and commands are made from.

The tables stand here and not beside the networks, since the web process checks options and must not import torch.
Defaults follow the public code of ArtEmis (arXiv 2101.07396) where it says one.
"""

from modelserve.options.names import (
    FROM_SCRATCH,
    LSTM,
    MOST_HEADS,
    NETWORK_PREFIX,
    SMALL_CONV,
    SMALL_VIT,
    TEXT_FROM_SCRATCH,
    TRANSFORMER,
    TRANSFORMERS_PREFIX,
)
from modelserve.options.of_networks import (
    EmoSemOptions,
    ImageEmotionOptions,
    ListenerOptions,
    SpeakerOptions,
    TextEmotionOptions,
)
from modelserve.options.of_training import TrainingOptions
from modelserve.options.parse import (
    RunOptions,
    describe_options,
    parse_options,
)
from modelserve.options.tasks import (
    CAPTION_METRICS,
    PROMOTION_METRICS,
    TASKS,
    TaskKind,
    find_task,
)

__all__ = [
    "CAPTION_METRICS",
    "FROM_SCRATCH",
    "LSTM",
    "MOST_HEADS",
    "NETWORK_PREFIX",
    "PROMOTION_METRICS",
    "SMALL_CONV",
    "SMALL_VIT",
    "TASKS",
    "TEXT_FROM_SCRATCH",
    "TRANSFORMER",
    "TRANSFORMERS_PREFIX",
    "EmoSemOptions",
    "ImageEmotionOptions",
    "ListenerOptions",
    "RunOptions",
    "SpeakerOptions",
    "TaskKind",
    "TextEmotionOptions",
    "TrainingOptions",
    "describe_options",
    "find_task",
    "parse_options",
]
