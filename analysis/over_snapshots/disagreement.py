"""Disagreement taken apart, the emotions that are felt together, and types of annotators."""

from dataclasses import asdict
from typing import Any

from analysis.over_snapshots.label_answers import LabelAnswers, as_groups, label_answers
from analysis.over_snapshots.parts import in_sections
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
    progress(0, 100, "reading the snapshot")
    answers, votes, groups_left_out = _read(snapshot, options)
    found = disagreement_of(votes, keys=answers.keys, seed=options["seed"], progress=progress)
    return {**_about(answers, options, groups_left_out), **found}


def disagreement_of(
    votes: Votes, *, keys: list[str] | None, seed: int, progress: Progress = no_progress
) -> dict[str, Any]:
    """All that is found in the answers themselves. keys: of the stimuli, so that resamples follow them."""
    found = _taken_apart(votes, seed, progress)
    progress(90, 100, "labels that come together")
    graph = _graph(votes, keys, seed)
    progress(95, 100, "types of people")
    return {**found, "graph": graph, "types": _types(votes, seed)}


def _taken_apart(votes: Votes, seed: int, progress: Progress = no_progress) -> dict[str, Any]:
    found = decompose(votes, seed=seed, progress=lambda at, total, what: progress(2 + 78 * at // total, 100, what))
    progress(80, 100, "the same with known parts")
    return {"parts": _parts(found), "recovery": _recovery(found, seed)}


def _graph(votes: Votes, keys: list[str] | None, seed: int) -> dict[str, Any]:
    graph = confusion_graph(votes.counts(), keys=keys, n_resamples=N_RESAMPLES, seed=seed)
    return {
        "shares": graph.shares,
        "edges": [asdict(edge) for edge in graph.edges],
        "n_stimuli": graph.n_stimuli,
        "n_pairs": graph.n_pairs,
    }


def _types(votes: Votes, seed: int) -> dict[str, Any]:
    """Who is of which type stays out: a result outlives a withdrawal."""
    types = asdict(types_of_people(votes, seed=seed))
    return {name: value for name, value in types.items() if name != "type_of"}


def _section(snapshot: Snapshot, options: dict[str, Any], name: str) -> Any:
    answers, votes, _groups_left_out = _read(snapshot, options)
    if name == "graph":
        return _graph(votes, answers.keys, options["seed"])
    return _types(votes, options["seed"]) if name == "types" else _taken_apart(votes, options["seed"])


def _join(snapshot: Snapshot, options: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    answers, _, groups_left_out = _read(snapshot, options)
    about = _about(answers, options, groups_left_out)
    return {**about, **found["taken apart"], "graph": found["graph"], "types": found["types"]}


def _read(snapshot: Snapshot, options: dict[str, Any]) -> tuple[LabelAnswers, Votes, list[str]]:
    """The answers, also as votes of groups, and the groups that are too small to be compared."""
    if options["grouping"] not in GROUPINGS:
        raise InvalidInput(
            f"grouping must be one of {', '.join(GROUPINGS)}, not {options['grouping']!r}. Nothing was computed."
        )
    if options["seed"] < 0:
        raise InvalidInput(f"seed must be 0 or more, not {options['seed']}. Nothing was computed.")
    answers = label_answers(snapshot)
    return (answers, *_votes(answers, options["grouping"]))


def _about(answers: LabelAnswers, options: dict[str, Any], groups_left_out: list[str]) -> dict[str, Any]:
    return {
        "labels": answers.labels,
        "grouping": options["grouping"],
        "groups_left_out": groups_left_out,
        "n_simulated": int(answers.is_simulated.sum()),
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
    parts=in_sections(lambda options: ("taken apart", "graph", "types"), _section, _join),
)
