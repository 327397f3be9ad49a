"""What people wrote."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from annotation.models import Response, Stimulus, Study
from annotation.queries.responses import responses_to_stimuli


@dataclass(frozen=True)
class Explained:
    """An accepted response's label ('' where the study has none), its words, and the group its person came in."""

    stimulus_id: int
    label: str
    text: str
    cohort: str


def explained_responses(study: Study, stimulus_ids: Sequence[int]) -> Iterator[Explained]:
    """The accepted responses of these stimuli with what was written in them, all steps but the label's together."""
    steps = [step for step in study.parsed_steps if step.labels is None]
    rows = (
        Response.objects.filter(stimulus_id__in=stimulus_ids, status=Response.ACCEPTED)
        .order_by("stimulus_id", "pk")
        .values_list("stimulus_id", "label", "answers", "participation__cohort")
    )
    for stimulus_id, label, answers, cohort in rows.iterator(chunk_size=5_000):
        text = " ".join(filter(None, (step.plain_text(answers) for step in steps)))
        yield Explained(stimulus_id, label, text, cohort)


def texts_of_people(study: Study, stimulus_keys: Sequence[str]) -> tuple[dict[str, dict[int, str]], int]:
    """({stimulus key: {response: what was written about it}}, how many of these the simulator made); the first step of
    words.

    Simulated texts stand in only where no person has written about any of these stimuli.
    """
    step = next((step for step in study.parsed_steps if step.kind.name == "text"), None)
    if step is None:
        return {}, 0
    rows = Response.objects.filter(study=study, status=Response.ACCEPTED, stimulus__key__in=list(stimulus_keys))
    by_people = rows.filter(is_simulated=False)
    simulated = not by_people.exists()
    texts: dict[str, dict[int, str]] = defaultdict(dict)
    chosen = (rows if simulated else by_people).order_by("pk").values_list("stimulus__key", "pk", "answers")
    for key, response, answers in chosen.iterator(chunk_size=5_000):
        if text := step.plain_text(answers).strip():
            texts[key][response] = text
    return dict(texts), sum(map(len, texts.values())) if simulated else 0


def texts_with_origins(study: Study, keys: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """{stimulus key: (whose it is, the text) as they were shown}, for those that showed texts; for results only."""
    rows = Stimulus.objects.filter(study=study, key__in=list(keys)).values_list("key", "metadata")
    found: dict[str, list[tuple[str, str]]] = {}
    for key, metadata in rows:
        shown: list[str] = next(iter(metadata.get("shown", {}).values()), [])
        origins: list[str] = next(iter(metadata.get("origins", {}).values()), [])
        if shown and len(shown) == len(origins):
            found[key] = list(zip(map(str, origins), map(str, shown), strict=True))
    return found


@dataclass(frozen=True)
class Said:
    """What one person wrote about a stimulus: all her texts as one, and the label she gave."""

    text: str
    label: str
    language: str
    is_simulated: bool


def accepted_texts_of_stimuli(study: Study, keys: Iterable[str]) -> dict[str, list[Said]]:
    """{stimulus key: what people wrote about it}, of accepted responses, the oldest first. One query."""
    steps = [step for step in study.parsed_steps if step.labels is None]
    responses = responses_to_stimuli(study, keys).select_related(None)
    rows = responses.values_list("stimulus__key", "answers", "label", "language", "is_simulated")
    found: dict[str, list[Said]] = {}
    for key, answers, label, language, is_simulated in rows:
        text = " ".join(text for text in (step.plain_text(answers) for step in steps) if text)
        if text:
            found.setdefault(key, []).append(Said(text, label or "", language, is_simulated))
    return found
