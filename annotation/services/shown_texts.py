"""Texts of a stimulus that some kinds of step show beside the image. Whose they are stays in the metadata, unseen."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from annotation.errors import InvalidInput
from annotation.models import Stimulus, Study


def shown_texts(study: Study, keys: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """{stimulus key: {step: [text, ...]}}; empty, and without a query, where no step of the study shows any."""
    if not _shows_texts(study):
        return {}
    rows = Stimulus.objects.filter(study=study, key__in=list(keys)).values_list("key", "metadata")
    return {key: _texts_in(study, metadata) for key, metadata in rows}


def texts_of(study: Study, stimulus: Stimulus) -> dict[str, list[str]]:
    """{step: [text, ...]} of one stimulus. Its metadata, which may not have been read, is asked only where needed."""
    return _texts_in(study, stimulus.metadata) if _shows_texts(study) else {}


def _shows_texts(study: Study) -> bool:
    return any(step.kind.n_texts for step in study.parsed_steps)


def _texts_in(study: Study, metadata: dict[str, Any]) -> dict[str, list[str]]:
    """Nothing else of the metadata."""
    shown = metadata.get("shown", {})
    return {step.name: list(shown.get(step.name, [])) for step in study.parsed_steps if step.kind.n_texts}


def refuse_without_texts(study: Study) -> None:
    """Raises InvalidInput where a stimulus lacks the texts that a step of the study shows beside it."""
    for step in study.parsed_steps:
        if not step.kind.n_texts:
            continue
        stimuli = Stimulus.objects.filter(study=study)
        lacking = stimuli.exclude(pk__in=stimuli.filter(metadata__shown__has_key=step.name)).first()
        if lacking is not None:
            raise InvalidInput(
                _(
                    "The image %(name)s has no text for the step %(step)s to show. Make such a study from the networks "
                    "page of another one, where the texts come from. It was not opened."
                )
                % {"name": lacking.name, "step": step.name}
            )
