"""Disagreement taken apart, the emotions that are felt together, and types of annotators."""

from dataclasses import asdict
from typing import Any

from analysis.over_snapshots.label_answers import LabelAnswers, as_groups, label_answers
from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis, no_progress
from analysis.statistics import DEFAULT_SEED, N_RESAMPLES
from analysis.statistics.disagreement import (
    Decomposition,
    KnownStudy,
    Votes,
    confusion_graph,
    decompose,
    groups_of_size,
    types_of_people,
)
from analysis.statistics.disagreement.simulate import as_known_study
from analysis.statistics.latent import Responses
from annotation.errors import InvalidInput
from snapshots.reader import Snapshot

#: A group with fewer people, or answers, is not compared: it would tell of persons.
LEAST_PEOPLE = 10
LEAST_ANSWERS = 200
GROUPINGS = ("cohort", "language")
#: The study is drawn again with the parts that were found, to see whether they are found again; at most this large.
MOST_CHECKED = 2000

DEFINITION = (
    "The chance that two people choose different labels at an image, split in five: ambiguity (what the image moves "
    "people to feel, were every feeling named by its own label), overlap (labels used for one another), groups, habit "
    "(people who choose their labels whatever they see), noise (the rest of the answers that do not follow what is "
    "felt). Pairs of answers give the whole, the groups' part and the habit; lapses and overlap come from the "
    "likelihood of each image's answers, feelings being Dirichlet distributed. Intervals: delete-a-group jackknife by "
    "images and by people. Together beyond chance: lift over independence, intervals from resampled images, Holm's "
    "correction. Types of people: 2-means, the dip test for more than one top."
)
SOURCE = (
    "our own, after Dawid and Skene (1979); Light and Margolin (1971); Erosheva, Fienberg and Lafferty (2004); "
    "Kott (2001); Cameron, Gelbach and Miller (2011); Hartigan and Hartigan (1985)"
)
DEFAULTS: dict[str, Any] = {"grouping": "cohort", "seed": DEFAULT_SEED}


def run(snapshot: Snapshot, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """parts, graph, types: as the statistics say; labels by their place. Raises InvalidInput, SnapshotError."""
    if options["grouping"] not in GROUPINGS:
        raise InvalidInput(
            f"grouping must be one of {', '.join(GROUPINGS)}, not {options['grouping']!r}. Nothing was computed."
        )
    seed = options["seed"]
    if seed < 0:
        raise InvalidInput(f"seed must be 0 or more, not {seed}. Nothing was computed.")
    progress(0, 100, "reading the snapshot")
    answers = label_answers(snapshot)
    votes, groups_left_out = _votes(answers, options["grouping"])
    found = disagreement_of(votes, keys=answers.keys, seed=seed, progress=progress)
    return {
        "labels": answers.labels,
        "grouping": options["grouping"],
        "groups_left_out": groups_left_out,
        "n_simulated": int(answers.is_simulated.sum()),
        **found,
    }


def disagreement_of(
    votes: Votes, *, keys: list[str] | None, seed: int, progress: Progress = no_progress
) -> dict[str, Any]:
    """All that is found in the answers themselves. keys: of the stimuli, so that resamples follow them."""
    found = decompose(votes, seed=seed, progress=lambda at, total, what: progress(2 + 78 * at // total, 100, what))
    progress(80, 100, "the same with known parts")
    recovery = _recovery(found, seed)
    progress(90, 100, "labels that come together")
    graph = confusion_graph(votes.counts(), keys=keys, n_resamples=N_RESAMPLES, seed=seed)
    progress(95, 100, "types of people")
    types = types_of_people(votes, seed=seed)
    return {
        "parts": _parts(found),
        "recovery": recovery,
        "graph": {
            "shares": graph.shares,
            "edges": [asdict(edge) for edge in graph.edges],
            "n_stimuli": graph.n_stimuli,
            "n_pairs": graph.n_pairs,
        },
        "types": {
            name: value for name, value in asdict(types).items() if name != "type_of"
        },  # who is of which type stays out: a result outlives a withdrawal
    }


def _votes(answers: LabelAnswers, grouping: str) -> tuple[Votes, list[str]]:
    responses = Responses.of(
        answers.stimulus,
        answers.person,
        answers.label,
        n_stimuli=len(answers.keys),
        n_annotators=len(answers.pseudonyms),
        n_labels=len(answers.labels),
    )
    names, of_person = as_groups(answers.cohorts if grouping == "cohort" else answers.languages)
    if not answers.pseudonyms:
        return Votes.of(responses), []
    group, large, left_out = groups_of_size(
        responses, of_person, tuple(names), least_people=LEAST_PEOPLE, least_answers=LEAST_ANSWERS
    )
    if len(large) < 2:
        return Votes.of(responses), []
    return Votes.of(responses, group, large), left_out


def _parts(found: Decomposition) -> dict[str, Any]:
    names = ("disagreement", "total", "shared", "lapses", "clearness")
    return {
        **{name: asdict(getattr(found, name)) for name in names},
        "parts": {name: asdict(part) for name, part in found.parts.items()},
        "shares": {name: asdict(part) for name, part in found.shares.items()},
        "overlapping": [asdict(pair) for pair in found.overlapping],
        "lapses_are": found.lapses_are,
        "check": None if found.check is None else asdict(found.check),
        "notes": list(found.notes),
        "n_answers": found.n_answers,
        "n_stimuli": found.n_stimuli,
        "n_people": found.n_annotators,
        "n_cells": found.n_cells,
        "groups": list(found.groups),
    }


def _recovery(found: Decomposition, seed: int) -> dict[str, Any] | None:
    """A study of this one's shape is drawn with the parts that were found, and taken apart in the same way."""
    if found.answering is None or any(found.parts[name].value is None for name in ("ambiguity", "noise")):
        return None
    study: KnownStudy = as_known_study(found, most_stimuli=MOST_CHECKED)
    truth = study.truth()
    again = decompose(study.drawn(seed), seed=seed, with_intervals=False)
    return {
        "n_stimuli": study.n_stimuli,
        "n_people": study.n_annotators,
        "n_per_stimulus": study.n_per_stimulus,
        "parts": {
            name: {"planted": truth[name], "found": part.value}
            for name, part in again.parts.items()
            if name in ("ambiguity", "overlap", "habit", "noise")
        },
    }


DISAGREEMENT = SnapshotAnalysis(
    name="disagreement",
    title="Disagreement taken apart",
    definition=DEFINITION,
    source=SOURCE,
    run=run,
    defaults=DEFAULTS,
)
