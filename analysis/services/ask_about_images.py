"""Ask a study's network about pictures that are not in the study; nothing of them is kept."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from annotation.models import Study
from modelserve.models import Network
from modelserve.services import ask_predictor

PATIENCE_SECONDS = 20.0


def ask_about_images(
    study: Study,
    task: str,
    jpegs: Sequence[bytes],
    *,
    version: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[Network, list[Any]]:
    """The network that answered, and its answer for each picture, in order.

    Raises what `ask_predictor` raises. The pictures lie in the storage while they are looked at, as the process that
    holds the networks may be on another machine.
    """
    with stored_for_a_question(jpegs) as names:
        return ask_predictor(
            study.slug, task, names, timeout_seconds=PATIENCE_SECONDS, version=version, options=options
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
