"""Which options of a network do not go together, each with a sentence."""

from modelserve.errors import BadTrainingOption
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

AnyOptions = ImageEmotionOptions | TextEmotionOptions | ListenerOptions | SpeakerOptions | EmoSemOptions


def check_together(network: AnyOptions) -> None:
    """Raises BadTrainingOption naming the option, what was given and what is allowed."""
    if isinstance(network, ImageEmotionOptions):
        _check_image_emotion(network)
    if isinstance(network, EmoSemOptions):
        _check_emosem(network)
    elif isinstance(network, TextEmotionOptions):
        _check_text_emotion(network)
    else:
        _check_encoder(network.encoder)
        has_clip = isinstance(network, ListenerOptions) and bool(network.clip)
        has_place = has_clip or network.encoder != SMALL_CONV
        _check_low_rank(network.lora_rank, has_place=has_place, is_frozen=network.freeze_encoder)
    if isinstance(network, ListenerOptions) and network.clip:
        _check_encoder(network.clip, "clip")
    if isinstance(network, SpeakerOptions):
        _check_speaker(network)


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


def _check_low_rank(rank: int, *, has_place: bool, is_frozen: bool) -> None:
    if rank and (is_frozen or not has_place):
        raise BadTrainingOption(
            "lora_rank: low-rank additions stand beside the linear layers of a pretrained encoder, which otherwise "
            "stays as it is; name one as encoder, and leave freeze_encoder out."
        )


def _check_image_emotion(network: ImageEmotionOptions) -> None:
    if network.encoder == SMALL_VIT and network.side % 8:
        raise BadTrainingOption(f"side: got {network.side}; small_vit needs a multiple of 8.")
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
    _check_low_rank(network.lora_rank, has_place=is_pretrained, is_frozen=network.freeze_encoder)
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
