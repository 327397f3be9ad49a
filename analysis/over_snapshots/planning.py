"""What a frozen study tells about how many responses, images and people would be enough."""

from typing import Any

import numpy as np

from analysis.over_snapshots.label_answers import label_answers
from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis
from analysis.statistics import count_labels
from analysis.statistics.needed_responses import expected_widest, shapes_of, totals_needed
from analysis.statistics.variance_parts import agreement_parts, variance_parts
from snapshots.reader import Snapshot

#: Widths of the rule that are laid out: every twentieth that a study may ask for (annotation/services/top_up.py).
WIDTHS = [round(0.05 * step, 2) for step in range(1, 20)]
#: Numbers of responses per image at which its expected width is said.
NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 75, 100]


def plan(snapshot: Snapshot, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Parts of the variance per label, expected widths per number of responses, and what the rule would ask for.

    rule: per width, {"needs": [[responses now, responses needed in all, images], ...]}; an image whose needed number is
    1000 may need more. Raises SnapshotError.
    """
    progress(0, 4, "reading the snapshot")
    answers = label_answers(snapshot)
    counts = count_labels(answers.stimulus, answers.label, len(answers.keys), len(answers.labels))
    progress(1, 4, "parts of the variance")
    labels = []
    for at, label in enumerate(answers.labels):
        parts = variance_parts(answers.stimulus, answers.person, answers.label == at)
        labels.append(
            {
                **label,
                "share": parts.share,
                "of_images": parts.of_images,
                "of_people": parts.of_people,
                "of_rest": parts.of_rest,
            }
        )
    agreement = agreement_parts(counts)
    progress(2, 4, "widths")
    rows, n_stimuli = shapes_of(counts)
    totals = counts.sum(axis=1)
    answered = totals[totals > 0]
    most_now = int(totals.max(initial=0))
    widths = []
    for n in NUMBERS:
        found = expected_widest(rows, n_stimuli, n)
        if found:
            widths.append({"n": n, "mean": found[0], "p10": found[1], "p90": found[2], "is_projected": n > most_now})
    needs: list[dict[tuple[int, int], int]] = [{} for _ in WIDTHS]
    for done, (row, n) in enumerate(zip(rows, n_stimuli.tolist(), strict=True)):
        if done % 100 == 0:
            progress(2 + done // max(len(rows), 1), 4, f"the rule: {done} of {len(rows)} kinds of images")
        now = int(row.sum())
        for place, total in enumerate(totals_needed(row, WIDTHS)):
            needs[place][now, total] = needs[place].get((now, total), 0) + n
    per_person = np.bincount(answers.person)
    per_person = per_person[per_person > 0]
    progress(4, 4, "")
    return {
        "step": answers.step,
        "labels": labels,
        "n_responses": len(answers.label),
        "n_simulated": int(answers.is_simulated.sum()),
        "n_stimuli": len(answers.keys),
        "n_stimuli_answered": len(answered),
        "n_people": len(per_person),
        "responses_per_stimulus": float(np.median(answered)) if len(answered) else None,
        "answers_per_person": float(np.median(per_person)) if len(per_person) else None,
        "agreement": {
            "value": agreement.value,
            "of_images": agreement.of_images,
            "once": agreement.once,
            "twice": agreement.twice,
            "n_stimuli": agreement.n_stimuli,
        },
        "widths": widths,
        "rule": [
            {"width": width, "needs": [[now, total, n] for (now, total), n in sorted(found.items())]}
            for width, found in zip(WIDTHS, needs, strict=True)
        ],
    }


PLANNING = SnapshotAnalysis(
    name="planning",
    title="What planning rests on",
    definition="For each label how much of the variance of a single answer lies between images, between people and in "
    "the rest, from products of pairs of answers; the expected width of the widest 95 % Wilson interval of an image's "
    "labels per number of responses; and for each width of the stopping rule how many responses each image would need "
    "in all, its shares staying as they are.",
    source="Searle, Casella and McCulloch (1992), ch. 5; Hoeffding (1948); Wilson (1927)",
    run=plan,
)
