"""Tasks that more than one network can do: which one a run's options ask for, and which one a file holds."""

from typing import Any

from modelserve.networks.clip_listener import ClipListener
from modelserve.networks.listener import Listener
from modelserve.networks.show_attend_tell import ShowAttendTell
from modelserve.networks.speaker import Speaker
from modelserve.networks.transformer_speaker import TransformerSpeaker
from modelserve.options import ListenerOptions, SpeakerOptions

SPEAKERS: dict[str, type[ShowAttendTell] | type[TransformerSpeaker]] = {
    "lstm": ShowAttendTell,
    "transformer": TransformerSpeaker,
}

AnyListener = Listener | ClipListener


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
