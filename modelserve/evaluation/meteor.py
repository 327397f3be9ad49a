"""Source: Denkowski and Lavie (2014), METEOR 1.5, English, by its own Java program; needs it (java_parts.py)."""

import subprocess
from collections.abc import Sequence

import numpy as np

from modelserve.evaluation.captions import Captions, Tokens
from modelserve.evaluation.java_parts import JavaPartMissing, java, toolkit_file
from modelserve.evaluation.resampling import Array, Estimate, estimate

SECONDS_AT_MOST = 1800
N_COUNTS = 23
# The program's settings for English: exact, stem, synonym, paraphrase; then alpha, beta, gamma, delta.
STAGES = np.array([1.0, 0.6, 0.8, 0.6])
ALPHA, BETA, GAMMA, DELTA = 0.85, 0.2, 0.6, 0.75


def meteor(captions: Captions, seed: int = 0) -> Estimate:
    """METEOR of the whole set, 0 to 1: words matched by form, stem, synonym or paraphrase, less where scattered.

    Raises JavaPartMissing where Java or the program is absent.
    """
    counts = meteor_counts(captions.candidates, captions.references)
    return estimate(lambda weights: corpus_meteor(weights @ counts), captions.resampling(seed))


def meteor_counts(candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> Array:
    """(n, 23) the program's counts of each caption beside its best reference; zeros for a caption without words.

    Raises JavaPartMissing.
    """
    counts = np.zeros((len(candidates), N_COUNTS))
    rows = [row for row, tokens in enumerate(candidates) if _line_of(tokens) and any(map(_line_of, references[row]))]
    if not rows:
        return counts
    lines = [
        " ||| ".join(["SCORE", *filter(None, map(_line_of, references[row])), _line_of(candidates[row])])
        for row in rows
    ]
    program = toolkit_file("meteor/meteor-1.5.jar")
    command = [java(), "-Xmx2G", "-jar", str(program), "-", "-", "-stdio", "-l", "en", "-norm"]
    try:
        done = subprocess.run(
            command,
            input="\n".join(lines) + "\n",
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=program.parent,
            timeout=SECONDS_AT_MOST,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise JavaPartMissing(f"METEOR's program did not run: {problem}.") from problem
    answers = done.stdout.splitlines()
    if done.returncode or len(answers) != len(rows):
        raise JavaPartMissing(
            f"METEOR's program gave {len(answers)} answers to {len(rows)} captions and ended with {done.returncode}: "
            f"{done.stderr.strip()[-300:] or 'no message'}. It needs 2 GB of memory."
        )
    found = np.array([[float(number) for number in answer.split()] for answer in answers])
    # A perfect match is one chunk and not scattered at all; the program adds none to the whole set either.
    perfect = (found[:, 0] == found[:, 21]) & (found[:, 1] == found[:, 22]) & (found[:, 20] == 1)
    found[perfect, 20] = 0.0
    counts[rows] = found
    return counts


def corpus_meteor(totals: Array) -> Array:
    """(R,) METEOR from (R, 23) summed counts: lengths, function words, matches per stage, chunks and words matched."""
    length, other_length, function, other_function = totals[:, :4].T
    stages = totals[:, 4:20].reshape(-1, 4, 4)  # (R, stage, [content, other's content, function, other's function])
    chunks, words, other_words = totals[:, 20:].T
    content, other_content, of_function, of_other_function = (STAGES @ stages).T
    matched = DELTA * content + (1 - DELTA) * of_function
    other_matched = DELTA * other_content + (1 - DELTA) * of_other_function
    precision = _ratio(matched, DELTA * (length - function) + (1 - DELTA) * function)
    recall = _ratio(other_matched, DELTA * (other_length - other_function) + (1 - DELTA) * other_function)
    mean = _ratio(precision * recall, ALPHA * precision + (1 - ALPHA) * recall)
    scattered = _ratio(chunks, (words + other_words) / 2)
    scores: Array = mean * (1 - GAMMA * scattered**BETA)
    return scores


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _line_of(tokens: Tokens) -> str:
    return " ".join(" ".join(tokens).replace("|||", " ").split())
