"""The options of every network, a table each. Defaults follow ArtEmis' public code where it says one."""

from dataclasses import dataclass

from modelserve.options.names import LSTM, SMALL_CONV
from modelserve.options.option import option


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
    calibrate: bool = option(
        False,
        "once it has learned, how sure it is gets set by one number (a temperature) on the stimuli that validate",
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
    freeze_encoder: bool = option(False, "the eye stays as it is; for a pretrained encoder and little data; faster")
    lora_rank: int = option(
        0, "the eye (of a CLIP both towers) stays but for additions of this rank (LoRA); 0 = none", least=0, most=256
    )
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
    lora_rank: int = option(
        0, "the encoder stays as it is but for additions of this rank (LoRA); 0 = none", least=0, most=256
    )
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
