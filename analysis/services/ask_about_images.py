"""Ask a study's network about pictures that are not in the study; nothing of them is kept."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from annotation.models import Study
from modelserve.errors import ModelServeError
from modelserve.models import Network
from modelserve.services import ask_predictor
from modelserve.services.ask_speaker import ask_speaker

PATIENCE_SECONDS = 20.0
SPEAKER_PATIENCE_SECONDS = 10.0
SPOKEN_EMOTIONS = 2


def ask_about_images(
    study: Study,
    task: str,
    jpegs: Sequence[bytes],
    *,
    version: int | None = None,
    options: Mapping[str, Any] | None = None,
    source: str = "",
) -> tuple[Network, list[Any]]:
    """The network that answered, and its answer for each picture, in order.

    source: where the pictures come from, for a network with heads per source; one that it does not know, or none, is
    answered by the head that all share.

    Raises what `ask_predictor` raises. The pictures lie in the storage while they are looked at, as the process that
    holds the networks may be on another machine.
    """
    with stored_for_a_question(jpegs) as names:
        items: list[Any] = [{"image": name, "source": source} for name in names] if source else list(names)
        return ask_predictor(
            study.slug, task, items, timeout_seconds=PATIENCE_SECONDS, version=version, options=options
        )


@contextlib.contextmanager
def stored_for_a_question(jpegs: Sequence[bytes]) -> Iterator[list[str]]:
    """The names of these pictures in the storage, where they lie inside only."""
    names: list[str] = []
    try:
        for jpeg in jpegs:
            names.append(default_storage.save(f"predictions/{uuid4().hex}.jpg", ContentFile(jpeg)))
        yield names
    finally:
        for name in names:
            default_storage.delete(name)


def speak_about(study: Study, jpeg: bytes, distribution: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """{label: the explanation that the served speaker writes about the picture for it}, for the two likeliest labels.

    Empty where no speaker is served, or it does not answer: its words are an addition, and nobody waits for them twice.
    """
    written: dict[str, dict[str, Any]] = {}
    likeliest = sorted(distribution, key=distribution.__getitem__, reverse=True)[:SPOKEN_EMOTIONS]
    with stored_for_a_question([jpeg]) as names, contextlib.suppress(ModelServeError):
        for label in likeliest:
            _, [texts] = ask_speaker(
                study.slug, names, emotion=label, variant="grounded", timeout_seconds=SPEAKER_PATIENCE_SECONDS
            )
            written[label] = texts[0]
    return written
