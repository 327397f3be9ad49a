"""Makes a study in which people judge explanations of another one: its images, their texts and a network's."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction

from analysis.judged.trials import DESIGNS, HUMAN, PLAUSIBILITY, PREFERENCE, TURING, Trial, draw_trials, plain
from analysis.models import JudgedStudy
from annotation.errors import InvalidInput
from annotation.models import Stimulus, Study
from annotation.queries import texts_of_people
from annotation.services.create_study import create_study
from annotation.services.insert_stimuli import NewStimulus, insert_stimuli
from annotation.services.read_table import Problems, as_text, open_table

TEMPLATE = "emotional_turing_test"
STEP = "verdict"
STEPS: dict[str, list[dict[str, Any]] | None] = {
    TURING: None,
    PREFERENCE: [{"name": STEP, "kind": "compare", "options": {"mode": "preference"}}],
    PLAUSIBILITY: [{"name": STEP, "kind": "judge", "options": {}}],
}
INSTRUCTIONS = {
    PREFERENCE: (
        "You will see one image after another, each with two sentences, A and B, that explain why somebody could feel "
        "something about it.\n\nRead both with care, then **choose** the one that explains it better. Judge every "
        "image by itself."
    ),
    PLAUSIBILITY: (
        "You will see one image after another, each with a sentence that explains why somebody could feel something "
        "about it.\n\nRead it with care, then say **how plausible** it is. You need not feel the same yourself. Judge "
        "every image by itself."
    ),
}
MOST_CHARACTERS = 2_000
MOST_SEED = 2**63 - 1  # what its column holds

#: {stimulus key of the source: {variant: text}}
MachineTexts = Mapping[str, Mapping[str, str]]


def make_judged_study(
    *,
    source: Study,
    design: str,
    machines: MachineTexts,
    seed: int,
    title: str,
    user: Any = None,
    networks: Mapping[str, int] | None = None,
    job_id: int | None = None,
) -> Study:
    """A draft with one stimulus per trial; its maker is its manager. The same texts and seed give the same trials.

    Whose a text is stands in the stimuli's metadata, which only results and exports show. Nobody is lent an image that
    she was asked about before (annotation/care/lending.py). networks, job_id: what wrote the texts, for the record.
    Raises InvalidInput where nothing can be judged.
    """
    if design not in DESIGNS:
        raise InvalidInput(f"There is no design {design!r}; there are {', '.join(DESIGNS)}. Nothing was made.")
    if not 0 <= seed <= MOST_SEED:
        raise InvalidInput(f"seed: got {seed}; it lies between 0 and {MOST_SEED:,}. Nothing was made.")
    images = {row.key: row for row in Stimulus.objects.filter(study=source, key__in=list(machines))}
    answers, n_simulated = texts_of_people(source, list(images)) if design != PREFERENCE else ({}, 0)
    humans = {key: list(texts.values()) for key, texts in answers.items()}
    known = {key: texts for key, texts in machines.items() if key in images}
    trials = draw_trials(design, humans, known, seed)
    if not trials:
        raise InvalidInput(_why_nothing(design, known, humans))
    changes: dict[str, Any] = {"steps": STEPS[design]} if STEPS[design] else {}
    if design in INSTRUCTIONS:
        changes["instructions"] = INSTRUCTIONS[design]
    with transaction.atomic():
        study = create_study(title=title, template=TEMPLATE, user=user, **changes)
        study.description = _description(source, seed, n_simulated)
        study.save(update_fields=["description"])
        insert_stimuli(
            study=study,
            stimuli=[_stimulus(images[trial.image], trial, answers.get(trial.image, {})) for trial in trials],
        )
        JudgedStudy.objects.create(
            study_id=study.pk,
            source_id=source.pk,
            design=design,
            seed=seed,
            variants=sorted({variant for texts in known.values() for variant in texts}),
            networks=dict(networks or {}),
            job_id=job_id,
        )
    return study


def _stimulus(image: Stimulus, trial: Trial, answers: Mapping[int, str]) -> NewStimulus:
    """answers: {response: what people wrote about the image}. Which one is shown is noted, so that its text goes where
    she takes it back (services/withdrawn_trials.py)."""
    response_of = {plain(text): response for response, text in answers.items()}
    responses = [
        response_of.get(text) if origin == HUMAN else None
        for text, origin in zip(trial.texts, trial.origins, strict=True)
    ]
    return NewStimulus(
        name=image.name,
        source_dataset=image.source_dataset,
        description=image.description,
        metadata={
            "shown": {STEP: list(trial.texts)},
            "origins": {STEP: list(trial.origins)},
            "answers": {STEP: responses},
        },
        image_sha256=image.image_sha256,
        width=image.width,
        height=image.height,
        bytes=image.bytes,
        content_note=image.content_note,
        themes=tuple(image.themes),
        strength=image.strength_rated,
        besides="\n".join((*trial.texts, *trial.origins)),
    )


def _description(source: Study, seed: int, n_simulated: int) -> str:
    simulated = f" {n_simulated:,} of the people's texts were made by the simulator." if n_simulated else ""
    return f"Texts about the images of “{source.title}”. Trials drawn with seed {seed}.{simulated}"


def _why_nothing(design: str, machines: MachineTexts, humans: Mapping[str, list[str]]) -> str:
    if not machines:
        return "None of the texts belongs to an image of this study. Nothing was made."
    if design == TURING and not any(humans.values()):
        return (
            "Nobody has explained any of these images yet, so no text of a person can stand beside. Nothing was made."
        )
    if design == PREFERENCE:
        return "To compare variants, at least one image needs the texts of two. Nothing was made."
    return "All texts are empty. Nothing was made."


def machine_texts_of_file(study: Study, path: Path, *, name: str = "") -> dict[str, dict[str, str]]:
    """Reads a table with columns stimulus (key, or name), variant and text. Raises InvalidInput, InvalidRows by row."""
    table = open_table(path, name=name)
    places = [table.place(column) for column in ("stimulus", "variant", "text")]
    rows = Stimulus.objects.filter(study=study).values_list("key", "name")
    by_name: dict[str, list[str]] = defaultdict(list)
    keys = set()
    for key, stimulus_name in rows:
        keys.add(key)
        by_name[stimulus_name].append(key)
    problems = Problems(table.name)
    texts: dict[str, dict[str, str]] = defaultdict(dict)
    for number, cells in table.rows(problems):
        stimulus, variant, text = (as_text(cells[place]) for place in places)
        key = stimulus if stimulus in keys else ""
        if not key and len(found := by_name.get(stimulus, [])) == 1:
            key = found[0]
        if not key:
            many = (
                "is the name of several images; give the key" if by_name.get(stimulus) else "is no image of the study"
            )
            problems.add(number, "stimulus", f"{stimulus!r} {many}.")
        elif not variant or variant == HUMAN or len(variant) > 60:
            problems.add(
                number, "variant", f"Give a name of 1 to 60 characters that is not {HUMAN!r}, not {variant!r}."
            )
        elif not text or len(text) > MOST_CHARACTERS:
            problems.add(number, "text", f"Give a text of 1 to {MOST_CHARACTERS:,} characters.")
        elif variant in texts[key]:
            problems.add(number, "variant", f"{variant!r} has a text about this image already.")
        else:
            texts[key][variant] = text
    problems.raise_if_any()
    return dict(texts)
