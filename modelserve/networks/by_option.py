"""Tasks that more than one network can do: which one a run's options ask for, and which one a file holds."""

from typing import Any

from modelserve.networks.clip_listener import ClipListener
from modelserve.networks.listener import Listener
from modelserve.networks.show_attend_tell import ShowAttendTell
from modelserve.networks.speaker import Speaker
from modelserve.networks.text_emotion import TextEmotion
from modelserve.networks.text_pretrained import TextPretrained
from modelserve.networks.text_reader import TextReader
from modelserve.networks.text_transformer import TextTransformer
from modelserve.networks.transformer_speaker import TransformerSpeaker
from modelserve.options import LSTM, TRANSFORMER, ListenerOptions, SpeakerOptions, TextEmotionOptions

SPEAKERS: dict[str, type[ShowAttendTell] | type[TransformerSpeaker]] = {
    "lstm": ShowAttendTell,
    "transformer": TransformerSpeaker,
}

AnyListener = Listener | ClipListener

TEXT_READERS: dict[str, type[TextEmotion] | type[TextTransformer]] = {LSTM: TextEmotion, TRANSFORMER: TextTransformer}
"""From scratch; every other encoder of a text network is a pretrained one."""


def create_text_emotion(n_words: int, n_labels: int, options: TextEmotionOptions) -> TextReader:
    """n_words: of the vocabulary; a pretrained encoder has its own. Raises EncoderUnreachable, BadTrainingOption."""
    if options.encoder in TEXT_READERS:
        return TEXT_READERS[options.encoder](n_words, n_labels, options)
    return TextPretrained.create(n_labels, options)


class TextEmotionByOption:
    """The row of NETWORKS for networks that read explanations."""

    @staticmethod
    def rebuild(n_labels: int, options: TextEmotionOptions, structure: dict[str, Any]) -> TextReader:
        kind = TEXT_READERS.get(options.encoder, TextPretrained)
        return kind.rebuild(n_labels, options, structure)


class SpeakerByOption:
    """The row of NETWORKS for speakers."""

    @staticmethod
    def rebuild(n_labels: int, options: SpeakerOptions, structure: dict[str, Any]) -> Speaker:
        return SPEAKERS[options.decoder].rebuild(n_labels, options, structure)


class ListenerByOption:
    """The row of NETWORKS for listeners."""

    @staticmethod
    def rebuild(n_labels: int, options: ListenerOptions, structure: dict[str, Any]) -> AnyListener:
        kind = ClipListener if options.clip else Listener
        return kind.rebuild(n_labels, options, structure)
