"""How plausible people find a network's texts, and whether seeing them changes later answers: for job and page."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.later_answers import LaterAnswers, later_answers, likeness
from analysis.models import AnalysisResult
from analysis.services.latent_truth import snapshot_of_storage
from analysis.statistics import DEFAULT_SEED, N_RESAMPLES
from analysis.statistics.crossed_means import crossed_mean
from analysis.statistics.held_out_effect import LEAST_PEOPLE, Outcome, held_out_effect
from annotation.errors import StateConflict
from annotation.machine_texts.queries import Turn, texts_written, turns_of
from annotation.models import Study
from annotation.services.freeze_snapshot import freeze_snapshot
from jobs.models import Job
from jobs.queries import under_way
from jobs.services import start_job
from snapshots.split import split_of
from snapshots.version import code_version

JOB_KIND = "rated_texts"
#: Its rows' name: ratings are no part of a snapshot, so it has no row in analysis.over_snapshots.
NAME = "rated_texts"
MARGIN_SHARE = 0.05
MARGIN_RATIO = 0.1
LEAST_RATINGS = 3
N_SHOWN = 12
LEARNED, UNLEARNED = "learned", "unlearned"
DEFINITION = {
    "title": "Rated explanations",
    "definition": (
        "Plausibility: mean of ratings from 1 (not at all) to 5 (fully), per version of the network and feeling; 95 % "
        "intervals from resampling images and people, each for itself. Effect of seeing them: of people who were drawn "
        "to be shown texts and people who were held out, the accepted answers after the first text was, or would have "
        "been, shown; each person gives one mean. Differences (shown minus held out) by Welch's t, the whole "
        "distribution of feelings by exchanging people between the sides; all claims corrected by Holm. 'The same' "
        f"means: surely less than {MARGIN_SHARE:.0%} of answers apart (length and time: less than {MARGIN_RATIO:.0%}). "
        f"Fewer than {LEAST_PEOPLE} people on a side say nothing."
    ),
    "source": (
        "Owen (2007), The Pigeonhole Bootstrap; Welch (1947); Holm (1979); Schuirmann (1987) for 'the same'. Whoever "
        "was drawn counts on her side, whatever she rated (intention to treat)"
    ),
}


def start_rated_texts(*, study: Study, user: Any = None) -> Job:
    """Starts the job; asked twice while one waits, gives that one. Raises StateConflict where nothing was shown yet."""
    if next(iter(turns_of(study)), None) is None:
        raise StateConflict("Nobody has come to a text of the network yet, so there is nothing to count.")
    waiting = under_way(study.slug, JOB_KIND)
    return waiting or start_job(JOB_KIND, study_key=study.slug, arguments={}, user=user)


def store_rated_texts(study: Study, progress: Any = lambda done, total, message: None) -> AnalysisResult:
    """Freezes the study as it is, counts, and keeps one row; older ones go, since they hold what people took back.

    Raises SnapshotError.
    """
    record = freeze_snapshot(study=study, progress=lambda done, total: progress(done, total, "freezing the study"))
    turns = list(turns_of(study))
    progress(1, 3, "counting ratings")
    result = {**_about(turns), "versions": _versions(turns), "images": _images(turns)}
    progress(2, 3, "comparing later answers")
    answers = later_answers(snapshot_of_storage(record.snapshot_id), turns)
    texts = texts_written(study, sorted({key for key, _ in answers.about}))
    result["effect"] = effect_of(answers, texts)
    kept, _ = AnalysisResult.objects.update_or_create(
        study_id=study.pk,
        snapshot_id=record.snapshot_id,
        name=NAME,
        options={},
        defaults={"definition": DEFINITION, "seed": DEFAULT_SEED, "code_version": code_version(), "result": result},
    )
    AnalysisResult.objects.filter(study_id=study.pk, name=NAME).exclude(pk=kept.pk).delete()
    return kept


def _about(turns: Sequence[Turn]) -> dict[str, Any]:
    shown = [turn for turn in turns if turn.is_shown]
    return {
        "n_shown": len(shown),
        "n_rated": sum(turn.rating is not None for turn in shown),
        "n_declined": sum(turn.is_declined for turn in shown),
        "n_raters": len({turn.annotator for turn in shown if turn.rating is not None}),
        "n_simulated": sum(turn.is_simulated for turn in turns),
        "held_out_shares": sorted({turn.held_out_share for turn in turns}),
    }


def _versions(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Per version and way of speaking, the newest first: all its ratings, by feeling, and by whether it had learned
    from the image's answers."""
    groups: dict[tuple[int, str], list[Turn]] = defaultdict(list)
    for turn in turns:
        if turn.is_shown:
            groups[turn.version, turn.variant].append(turn)
    found = []
    for (version, variant), own in sorted(groups.items(), reverse=True):
        by_label: dict[str, list[Turn]] = defaultdict(list)
        by_split: dict[str, list[Turn]] = {UNLEARNED: [], LEARNED: []}
        for turn in own:
            by_label[turn.label].append(turn)
            by_split[UNLEARNED if split_of(turn.stimulus_key) == "test" else LEARNED].append(turn)
        found.append(
            {
                "version": version,
                "variant": variant,
                "learned_from_simulated": any(turn.learned_from_simulated for turn in own),
                "all": _rated(own),
                "labels": {label: _rated(by_label[label]) for label in sorted(by_label)},
                "splits": {name: _rated(of_split) for name, of_split in by_split.items()},
            }
        )
    return found


def _rated(turns: Sequence[Turn]) -> dict[str, Any]:
    rated = [turn for turn in turns if turn.rating is not None]
    mean = crossed_mean(
        np.array([turn.rating for turn in rated], dtype=np.float64),
        [turn.stimulus_key for turn in rated],
        [turn.annotator for turn in rated],
        n_resamples=N_RESAMPLES,
        seed=DEFAULT_SEED,
    )
    counts = [sum(turn.rating == point for turn in rated) for point in range(1, 6)]
    return {"n_shown": len(turns), "n_rated": len(rated), "counts": counts, "mean": mean.as_dict()}


def _images(turns: Sequence[Turn]) -> dict[str, list[str]]:
    """Keys of the images whose texts were found most, and least, plausible; each with LEAST_RATINGS ratings or more."""
    ratings: dict[str, list[int]] = defaultdict(list)
    for turn in turns:
        if turn.rating is not None:
            ratings[turn.stimulus_key].append(turn.rating)
    means = {key: sum(each) / len(each) for key, each in ratings.items() if len(each) >= LEAST_RATINGS}
    ranked = sorted(means, key=lambda key: (-means[key], key))
    n = min(N_SHOWN, len(ranked) // 2)
    return {"most": ranked[:n], "least": ranked[::-1][:n]}


def effect_of(answers: LaterAnswers, texts: dict[tuple[str, str], str]) -> dict[str, Any]:
    """What `held_out_effect` says of these answers, with the names of the labels. Plain JSON."""
    with np.errstate(divide="ignore"):
        log_seconds = np.log(answers.seconds)
    typical = float(np.nanmean(answers.n_words)) if (~np.isnan(answers.n_words)).any() else 0.0
    outcomes = [
        Outcome("n_words", answers.n_words, max(MARGIN_RATIO * typical, 1e-9)),
        Outcome("with_others", answers.with_others, MARGIN_SHARE),
        Outcome("likeness", likeness(answers, texts), MARGIN_SHARE),
        Outcome("seconds", log_seconds, float(np.log1p(MARGIN_RATIO)), is_log=True),
    ]
    found = held_out_effect(
        answers.person,
        answers.label,
        outcomes,
        is_shown=answers.is_shown,
        n_labels=len(answers.labels),
        margin=MARGIN_SHARE,
        seed=DEFAULT_SEED,
    )
    for one, label in zip(found["labels"], answers.labels, strict=True):
        one["label"] = {"id": str(label["id"]), "name": label.get("name", label["id"])}
    return {**found, "n_answers": len(answers.person)}
