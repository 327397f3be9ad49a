"""Every option of a training run: default, range and meaning, in one table that pages, API and commands are made from.

The tables stand here and not beside the networks, since the web process checks options and must not import torch.
Defaults follow the public code of ArtEmis (arXiv 2101.07396) where it says one.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from modelserve.errors import BadTrainingOption

SMALL_CONV = "small_conv"
SMALL_VIT = "small_vit"
FROM_SCRATCH = (SMALL_CONV, SMALL_VIT)
LSTM, TRANSFORMER = "lstm", "transformer"
TEXT_FROM_SCRATCH = (LSTM, TRANSFORMER)
MOST_HEADS = 50
TRANSFORMERS_PREFIX = "transformers:"
NETWORK_PREFIX = "network:"


def option(
    default: Any, meaning: str, *, least: float | None = None, most: float | None = None, among: tuple[str, ...] = ()
) -> Any:
    return field(default=default, metadata={"meaning": meaning, "least": least, "most": most, "among": among})


@dataclass(frozen=True, slots=True)
class ImageEmotionOptions:
    """Of the network that reads images."""

    encoder: str = option(SMALL_CONV, "small_conv, small_vit, or 'transformers:' and a model name or local folder")
    freeze_encoder: bool = option(False, "only the head learns; for a pretrained encoder and little data; much faster")
    lora_rank: int = option(
        0, "the encoder stays as it is but for additions of this rank (LoRA); 0 = none", least=0, most=256
    )
    side: int = option(96, "pixels of the square that small_conv and small_vit see", least=32, most=512)
    mirror: bool = option(True, "half of the pictures are mirrored while learning")
    class_balance: float = option(
        0.0,
        "0 to 1: how much more rare emotions count while learning, by their share to the power of minus this; finds "
        "them more often, and is less well calibrated",
        least=0,
        most=1,
    )
    hidden: int = option(100, "width of the head", least=4, most=4096)
    dropout: float = option(0.3, "share of features left out while learning", least=0, most=0.9)
    encoder_rate_factor: float = option(0.2, "rate of a pretrained encoder beside the head's", least=0, most=1)
    heads: str = option(
        "",
        "numbers of an image that it learns beside the emotions, separated by commas: a step that gives numbers, a "
        "number of the stimuli's metadata (valence, arousal), or an attribute as step:answer or metadata:value",
    )
    heads_weight: float = option(0.5, "weight of the heads' loss beside the emotions'", least=0, most=100)
    source_heads: bool = option(
        False, "every source of images has an output layer of its own beside the shared one, which answers for others"
    )

    @property
    def head_names(self) -> list[str]:
        """The names in `heads`, in order."""
        return [name.strip() for name in self.heads.split(",")] if self.heads.strip() else []


@dataclass(frozen=True, slots=True)
class TextEmotionOptions:
    """Of the network that reads explanations."""

    encoder: str = option(
        LSTM, "lstm (as in ArtEmis), transformer (from scratch), or 'transformers:' and a model name or local folder"
    )
    freeze_encoder: bool = option(False, "only the head learns; for a pretrained encoder and little data; much faster")
    lora_rank: int = option(
        0, "the encoder stays as it is but for additions of this rank (LoRA); 0 = none", least=0, most=256
    )
    embedding: int = option(100, "width of a word (lstm)", least=4, most=2048)
    hidden: int = option(128, "width of the LSTM, of the transformer, or of the head", least=4, most=4096)
    blocks: int = option(2, "blocks (transformer)", least=1, most=48)
    attention_heads: int = option(4, "heads of the attention (transformer); divides the width", least=1, most=64)
    dropout: float = option(0.25, "share of features left out while learning", least=0, most=0.9)
    max_tokens: int = option(60, "explanations are read up to this many words", least=1, most=1000)
    min_count: int = option(2, "a word seen less often in the training split is unknown", least=1, most=1000)
    encoder_rate_factor: float = option(0.02, "rate of a pretrained encoder beside the head's", least=0, most=1)


@dataclass(frozen=True, slots=True)
class ListenerOptions:
    """Of the network that finds the image that a text is about."""

    clip: str = option("", "'transformers:' and a CLIP's name or local folder; empty: from scratch on this study")
    tune_clip: bool = option(False, "a CLIP's two projections learn from this study; else it is taken as it is")
    encoder: str = option(SMALL_CONV, "eye from scratch: small_conv, or 'transformers:' and a model name or folder")
    freeze_encoder: bool = option(False, "the eye stays as it is; for a pretrained encoder and little data")
    side: int = option(64, "pixels of the square that small_conv sees", least=32, most=512)
    reader: str = option("lstm", "what reads the texts: lstm, or transformer", among=("lstm", "transformer"))
    width: int = option(128, "width of words and of the space where image and text meet", least=8, most=4096)
    dropout: float = option(0.1, "share of features left out while learning", least=0, most=0.9)
    max_tokens: int = option(40, "texts are read up to this many words", least=1, most=1000)
    min_count: int = option(2, "a word seen less often in the training split is unknown", least=1, most=1000)
    texts_per_image: int = option(4, "texts of an image that are read when it comes up", least=1, most=64)
    encoder_rate_factor: float = option(0.2, "rate of a pretrained encoder beside the rest's", least=0, most=1)


@dataclass(frozen=True, slots=True)
class SpeakerOptions:
    """Of the network that writes explanations."""

    decoder: str = option("lstm", "lstm (Show, Attend and Tell) or transformer", among=("lstm", "transformer"))
    grounding: str = option(
        "both",
        "is it told the emotion while learning: none, always, or both (of half of the texts, so that one network "
        "speaks with and without)",
        among=("none", "always", "both"),
    )
    encoder: str = option(SMALL_CONV, "small_conv, or 'transformers:' and a model name or local folder")
    freeze_encoder: bool = option(False, "only the speaker learns; for a pretrained encoder, and much faster")
    side: int = option(64, "pixels of the square that small_conv sees", least=32, most=512)
    embedding: int = option(128, "width of a word (lstm)", least=4, most=2048)
    hidden: int = option(256, "width of the decoder", least=8, most=4096)
    attention: int = option(128, "width of the attention (lstm)", least=4, most=4096)
    layers: int = option(2, "blocks (transformer)", least=1, most=48)
    heads: int = option(4, "heads of the attention (transformer); divides the width", least=1, most=64)
    emotion_width: int = option(9, "width of the emotion that it is told", least=1, most=1024)
    dropout: float = option(0.1, "share of features left out while learning", least=0, most=0.9)
    coverage: float = option(1.0, "weight of looking at every place about equally often (lstm)", least=0, most=100)
    max_tokens: int = option(30, "texts are learned and written up to this many words", least=2, most=500)
    min_count: int = option(2, "a word seen less often in the training split is unknown", least=1, most=1000)
    texts_per_image: int = option(4, "texts of an image that are learned when it comes up", least=1, most=64)
    encoder_rate_factor: float = option(0.2, "rate of the encoder beside the decoder's", least=0, most=1)
    caption_images: int = option(
        200,
        "test images about which it writes once it has learned, for the metrics of its texts (BLEU to Emo-Alignment); "
        "0 = none",
        least=0,
        most=100_000,
    )
    joint_label: bool = option(False, "it first names the emotion, then explains it (SEVLM)")
    vad_weight: float = option(
        0.0, "weight of the head that reads valence, arousal and dominance off the text (SEVLM)", least=0, most=100
    )
    vad_lexicon: str = option("", "for that: a CSV file on the server with word, valence, arousal, dominance")
    contrastive_weight: float = option(
        0.0, "weight of pulling image, emotion and explanation together (SEVLM)", least=0, most=100
    )


@dataclass(frozen=True, slots=True)
class EmoSemOptions:
    """Of the network that finds what stirs an emotion, and says why."""

    side: int = option(64, "pixels of the square that it sees; a multiple of 8", least=32, most=512)
    width: int = option(64, "width of a place of the image; a multiple of 16", least=16, most=1024)
    encoder_blocks: int = option(1, "transformer blocks of the image encoder", least=0, most=48)
    mixer_blocks: int = option(2, "two-way blocks between prompt and image", least=1, most=16)
    heads: int = option(4, "heads of every attention; divides the widths", least=1, most=32)
    emotions_per_image: int = option(2, "masks learned per image and step, beside that of its text", least=1, most=100)
    writes: bool = option(True, "also writes the explanation")
    language_width: int = option(96, "width of a word", least=16, most=4096)
    language_blocks: int = option(2, "transformer blocks of the language model", least=1, most=48)
    language_weight: float = option(0.5, "of the words' loss beside the mask's", least=0, most=100)
    prefix_grid: int = option(3, "the writer sees the image in so many rows and columns", least=1, most=7)
    max_tokens: int = option(32, "explanations are read and written up to this many words", least=2, most=1000)
    min_count: int = option(2, "a word seen less often in the training split is unknown", least=1, most=1000)


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """Of the training loop."""

    epochs: int = option(40, "passes over the training split, at most", least=1, most=10_000)
    batch_size: int = option(
        128, "rows per step, at most; a small study takes an eighth of its rows", least=1, most=65536
    )
    samples_per_epoch: int = option(
        0,
        "rows until it is validated and a checkpoint is kept; 0 = all. Epochs go on where the one before ended, so "
        "every row comes up equally often",
        least=0,
        most=10**9,
    )
    budget_minutes: float = option(
        0.0,
        "minutes that the run may hold its device for learning, over all its starts; then it ends and keeps its best; "
        "0 = as long as it takes",
        least=0,
        most=60 * 24 * 30,
    )
    learning_rate: float = option(5e-4, "step size of Adam", least=1e-8, most=1)
    weight_decay: float = option(0.0, "pull towards zero", least=0, most=1)
    schedule: str = option(
        "plateau",
        "how the rate falls: plateau (where the validation loss gets no better), or cosine (to nothing "
        "over the epochs, along a half wave; better where so many epochs are enough)",
        among=("plateau", "cosine"),
    )
    plateau_factor: float = option(0.5, "the rate is multiplied by this on a plateau", least=0.01, most=1)
    plateau_patience: int = option(
        2, "epochs without a better validation loss that are no plateau yet", least=0, most=1000
    )
    stop_patience: int = option(
        6, "epochs without a better validation loss after which the run ends", least=1, most=1000
    )
    checkpoint_steps: int = option(
        0, "a checkpoint every so many steps, beside every epoch's; 0 = none", least=0, most=10**9
    )
    threads: int = option(
        0, "processor cores to use; 0 = half of the machine's, the rest serve people", least=0, most=1024
    )
    accumulate: int = option(
        1,
        "a batch is computed in so many parts, one after the other, for large networks and little memory",
        least=1,
        most=4096,
    )
    precision: str = option(
        "auto",
        "auto (bfloat16 on a GPU, float32 else), float32 or bfloat16",
        among=("auto", "float32", "bfloat16"),
    )
    compile: bool = option(False, "torch.compile first: minutes at the start, faster steps on a GPU; needs a compiler")
    device: str = option("auto", "auto (a GPU where there is one), cpu or cuda")
    seed: int = option(2021, "of weights, order and dropout", least=0, most=2**31 - 1)


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A kind of network: what it reads, its options, and by which metric a promotion is decided."""

    name: str
    title: str
    reads: str  # image or text
    network_options: type[Any]
    training: TrainingOptions  # its defaults of the loop
    promote_by: str
    metrics: tuple[str, ...] = ("kl_divergence", "majority_accuracy", "polarity_accuracy", "calibration_error")
    """The metrics that a promotion may be decided by."""
    answers: str = "distribution"  # or score, explanation, mask


# ArtEmis' 5e-4 is for 340,000 texts; some hundred texts give few steps per epoch and need larger ones.
_TEXT_TRAINING = TrainingOptions(learning_rate=2e-3)
# A row is an image with several of its texts.
_PAIR_TRAINING = TrainingOptions(learning_rate=2e-3, batch_size=64, epochs=30)

CAPTION_METRICS = ("bleu_4", "rouge_l", "cider", "emotion_alignment", "unique_productions", "found_by_listener")
"""Of the texts that a speaker writes in its plainest way, measured after it (`modelserve/caption_record.py`)."""

TASKS: dict[str, TaskKind] = {
    "image_emotion": TaskKind(
        "image_emotion", "Image to emotions", "image", ImageEmotionOptions, TrainingOptions(), "kl_divergence"
    ),
    "text_emotion": TaskKind(
        "text_emotion", "Explanation to emotion", "text", TextEmotionOptions, _TEXT_TRAINING, "kl_divergence"
    ),
    "listener": TaskKind(
        "listener",
        "Listener: which image is a text about",
        "image",
        ListenerOptions,
        _PAIR_TRAINING,
        "listener_accuracy",
        ("listener_accuracy",),
        answers="score",
    ),
    "speaker": TaskKind(
        "speaker",
        "Speaker: image to explanation",
        "image",
        SpeakerOptions,
        _PAIR_TRAINING,
        "word_loss",
        ("word_loss", *CAPTION_METRICS),
        answers="explanation",
    ),
    "emosem": TaskKind(
        "emosem",
        "Image and emotion to what stirs it",
        "image",
        EmoSemOptions,
        TrainingOptions(learning_rate=2e-3, batch_size=16),
        "mask_iou",
        ("mask_iou", "mask_precision_25", "mask_precision_50"),
        answers="mask",
    ),
}

PROMOTION_METRICS: dict[str, bool] = {
    "kl_divergence": True,
    "majority_accuracy": False,
    "polarity_accuracy": False,
    "calibration_error": True,
    "listener_accuracy": False,
    "word_loss": True,
    "bleu_4": False,
    "rouge_l": False,
    "cider": False,
    "emotion_alignment": False,
    "unique_productions": False,
    "found_by_listener": False,
    "mask_iou": False,
    "mask_precision_25": False,
    "mask_precision_50": False,
}
"""The metrics that a promotion may be decided by, and whether smaller is better."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """All options of one training run."""

    network: Any  # the task's own options
    training: TrainingOptions
    promote_by: str

    def as_json(self) -> dict[str, Any]:
        """Flat, complete: what `parse_options` reads back."""
        return {**asdict(self.network), **asdict(self.training), "promote_by": self.promote_by}


def find_task(task: str) -> TaskKind:
    """Raises BadTrainingOption naming the known tasks."""
    if task not in TASKS:
        raise BadTrainingOption(f"task: '{task}' is unknown; known are {', '.join(TASKS)}.")
    return TASKS[task]


def parse_options(task: str, values: Mapping[str, Any] | None = None) -> RunOptions:
    """The run's options, defaults filled in.

    Raises BadTrainingOption naming the option, what was given and what is allowed.
    """
    kind = find_task(task)
    rest = dict(values or {})
    promote_by = rest.pop("promote_by", kind.promote_by)
    if promote_by not in kind.metrics:
        raise BadTrainingOption(
            f"promote_by: '{promote_by}' is unknown to {task}; known are {', '.join(kind.metrics)}."
        )
    network = kind.network_options(**_take(kind.network_options, rest))
    training = replace(kind.training, **_take(TrainingOptions, rest))
    if rest:
        known = [entry.name for table in (kind.network_options, TrainingOptions) for entry in fields(table)]
        raise BadTrainingOption(f"'{min(rest)}' is no option of {task}; known are {', '.join([*known, 'promote_by'])}.")
    if training.device not in ("auto", "cpu", "cuda"):
        raise BadTrainingOption(f"device: '{training.device}' is unknown; use auto, cpu or cuda.")
    if isinstance(network, ImageEmotionOptions):
        _check_image_emotion(network)
    if isinstance(network, EmoSemOptions):
        _check_emosem(network)
    elif isinstance(network, TextEmotionOptions):
        _check_text_emotion(network)
    else:
        _check_encoder(network.encoder)
    if isinstance(network, ListenerOptions) and network.clip:
        _check_encoder(network.clip, "clip")
    if isinstance(network, SpeakerOptions):
        _check_speaker(network)
        if promote_by in CAPTION_METRICS and not network.caption_images:
            raise BadTrainingOption(
                f"promote_by: '{promote_by}' is a metric of the texts, and caption_images is 0, so none would be "
                "measured. Give caption_images a number, or decide by word_loss."
            )
    return RunOptions(network, training, promote_by)


def describe_options(task: str) -> list[dict[str, Any]]:
    """One row per option for forms and docs: name, type, default, least, most, meaning."""
    rows = []
    kind = find_task(task)
    for defaults in (kind.network_options(), kind.training):
        for entry in fields(defaults):
            default = getattr(defaults, entry.name)
            rows.append({"name": entry.name, "type": type(default).__name__, "default": default, **entry.metadata})
    return rows


def _take(table: Any, rest: dict[str, Any]) -> dict[str, Any]:
    """Move the options of this table out of `rest`, checked."""
    return {entry.name: _checked(entry, rest.pop(entry.name)) for entry in fields(table) if entry.name in rest}


def _checked(entry: Any, value: Any) -> Any:
    kind = type(entry.default)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        raise BadTrainingOption(f"{entry.name}: got {value!r}; a value of type {kind.__name__} is needed.")
    among = entry.metadata["among"]
    if among and value not in among:
        raise BadTrainingOption(f"{entry.name}: got {value!r}; use {' or '.join(among)}.")
    least, most = entry.metadata["least"], entry.metadata["most"]
    if least is not None and not (math.isfinite(value) and least <= value <= most):
        raise BadTrainingOption(f"{entry.name}: got {value!r}; allowed is {least:g} to {most:g}.")
    return value


def _check_emosem(options: EmoSemOptions) -> None:
    for name, step in (("side", 8), ("width", 16), ("width", options.heads), ("language_width", options.heads)):
        if getattr(options, name) % step:
            raise BadTrainingOption(f"{name}: got {getattr(options, name)}; a multiple of {step} is needed.")


def _check_encoder(name: str, option_name: str = "encoder") -> None:
    pretrained = name.startswith(TRANSFORMERS_PREFIX) and name != TRANSFORMERS_PREFIX
    if option_name == "encoder" and name.startswith(NETWORK_PREFIX) and name != NETWORK_PREFIX:
        return
    if pretrained or (name in FROM_SCRATCH and option_name == "encoder"):
        return
    small = f"'{SMALL_CONV}', '{SMALL_VIT}', or " if option_name == "encoder" else ""
    raise BadTrainingOption(
        f"{option_name}: got '{name}'; use {small}'{TRANSFORMERS_PREFIX}' followed by a model name or a local folder."
    )


def _check_image_emotion(network: ImageEmotionOptions) -> None:
    if network.encoder == SMALL_VIT and network.side % 8:
        raise BadTrainingOption(f"side: got {network.side}; small_vit needs a multiple of 8.")
    if network.lora_rank and (network.freeze_encoder or network.encoder == SMALL_CONV):
        raise BadTrainingOption(
            "lora_rank: low-rank additions stand beside the linear layers of a pretrained encoder, which otherwise "
            "stays as it is; name one as encoder, and leave freeze_encoder out."
        )
    names = network.head_names
    if not all(names) or len(set(names)) < len(names) or len(names) > MOST_HEADS:
        raise BadTrainingOption(
            f"heads: got '{network.heads}'; give up to {MOST_HEADS} different names, separated by commas, as in "
            "'valence,arousal'."
        )


def _check_text_emotion(network: TextEmotionOptions) -> None:
    name = network.encoder
    is_pretrained = name.startswith(TRANSFORMERS_PREFIX) and name != TRANSFORMERS_PREFIX
    if not is_pretrained and name not in TEXT_FROM_SCRATCH:
        raise BadTrainingOption(
            f"encoder: got '{name}'; use '{LSTM}', '{TRANSFORMER}', or '{TRANSFORMERS_PREFIX}' followed by a model "
            "name or a local folder."
        )
    if name == TRANSFORMER and network.hidden % network.attention_heads:
        raise BadTrainingOption(
            f"attention_heads: got {network.attention_heads}, which does not divide the width; hidden is "
            f"{network.hidden}."
        )
    if network.lora_rank and (network.freeze_encoder or not is_pretrained):
        raise BadTrainingOption(
            "lora_rank: low-rank additions stand beside the linear layers of a pretrained encoder, which otherwise "
            "stays as it is; name one as encoder, and leave freeze_encoder out."
        )
    if network.freeze_encoder and not is_pretrained:
        raise BadTrainingOption(
            f"freeze_encoder: '{name}' starts from nothing, so it must learn. Name a pretrained encoder, or leave this "
            "out."
        )


def _check_speaker(network: SpeakerOptions) -> None:
    if network.decoder == "transformer" and network.hidden % network.heads:
        raise BadTrainingOption(
            f"heads: got {network.heads}, which does not divide the width; hidden is {network.hidden}."
        )
    if network.vad_weight and not network.vad_lexicon:
        raise BadTrainingOption(
            "vad_weight: the head needs a lexicon; name a CSV file on the server with the columns word, valence, "
            "arousal and dominance as vad_lexicon, or leave vad_weight at 0."
        )
    if network.joint_label and network.grounding == "always":
        raise BadTrainingOption(
            "joint_label: it names the emotion itself, and an emotion that is asked for is put into its mouth; "
            "use grounding 'none' or 'both' with it."
        )
