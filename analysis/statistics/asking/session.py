"""What changes while somebody goes on: speed, agreement with others, and falling back on the same answer.

A session ends where nothing came for half an hour. Every figure compares a person with herself: her own mean is taken
away on both sides, so it does not matter who leaves early. The order of the images is drawn by chance, so what differs
with the place in the session comes from having gone on, or from the time that passed.
"""

import numpy as np

from analysis.statistics.asking.answers import AskedAnswers, Floats, Integers
from analysis.statistics.asking.clustered import Effect, clustered_mean, clustered_slope, less_mean_of

PAUSE_SECONDS = 1800.0
#: Slopes are told per so many images.
PER_IMAGES = 50
#: First images of the spans that the curve shows.
SPANS = (1, 6, 11, 21, 41, 81, 161)


def places_in_session(answers: AskedAnswers) -> tuple[Integers, Integers]:
    """(n,) the place of each answer in its session, from 1; (n,) the session, numbered over all people."""
    order = answers.by_time
    if not answers.n:
        return order, order
    person, moment = answers.person[order], answers.seconds_since[order]
    begins = np.ones(answers.n, dtype=bool)
    begins[1:] = (person[1:] != person[:-1]) | (moment[1:] - moment[:-1] > PAUSE_SECONDS)
    session = np.cumsum(begins) - 1
    start = np.flatnonzero(begins)
    place, of = np.zeros(answers.n, dtype=np.int64), np.zeros(answers.n, dtype=np.int64)
    place[order] = np.arange(answers.n) - start[session] + 1
    of[order] = session
    return place, of


def session_effects(answers: AskedAnswers) -> tuple[list[Effect], list[tuple[int, Effect]]]:
    """Slopes per PER_IMAGES further images: "speed" (a ratio less 1 of the time per answer), "agreement" (the share of
    others who chose the same), "same again" (the label of the answer before, beyond what others chose); and the curve:
    (first image of a span, agreement against the person's own mean)."""
    place, _ = places_in_session(answers)
    further = place / PER_IMAGES
    seconds = np.where(answers.seconds > 0, answers.seconds, np.nan)
    with np.errstate(invalid="ignore"):
        speed = _slope(answers, "speed", np.log(seconds), further)
    effects = [
        _as_ratio(speed),
        _slope(answers, "agreement", answers.agreement, further),
        _slope(answers, "same again", _same_again(answers), further),
    ]
    own = less_mean_of(answers.person, answers.agreement) if answers.n else answers.agreement
    curve = []
    for first, after in zip(SPANS, (*SPANS[1:], np.inf), strict=True):
        inside = (place >= first) & (place < after)
        effect = clustered_mean(str(first), own[inside], answers.person[inside], answers.stimulus[inside], causal=True)
        if effect.value is not None:
            curve.append((first, effect))
    return effects, curve


def _slope(answers: AskedAnswers, name: str, y: Floats, x: Floats) -> Effect:
    told = np.isfinite(y)
    y, x, person = y[told], x[told], answers.person[told]
    return clustered_slope(
        name, less_mean_of(person, y), less_mean_of(person, x), person, answers.stimulus[told], causal=True
    )


def _as_ratio(effect: Effect) -> Effect:
    """A slope of logarithms as a change: 0.1 = a tenth longer."""
    if effect.value is None:
        return effect
    low, high = (None if end is None else float(np.expm1(end)) for end in (effect.low, effect.high))
    return Effect(**{**effect.__dict__, "value": float(np.expm1(effect.value)), "low": low, "high": high})


def _same_again(answers: AskedAnswers) -> Floats:
    earlier = answers.before(1) if answers.n > 1 else np.full(answers.n, -1)
    same = np.full(answers.n, np.nan)
    known = earlier >= 0
    same[known] = answers.excess[np.flatnonzero(known), answers.label[earlier[known]]]
    return same
