"""Disagreement taken apart: of the chance that two people choose different labels at a stimulus, what comes from what.

Five parts that add up to that chance (how people answer is stated in `likelihood.py`):

ambiguity: what would be left if nobody lapsed and each feeling had one name: 1 - E sum_z theta_z^2. The stimulus moves
    people, or one person, in several ways.
overlap: what labels that people use for one another add to it.
group: what is there only since people of different groups answer: two of one group differ that much less.
habit: what people add who choose their labels whatever they see: the variance between the people of a group.
noise: the rest of what lapses add: answers that neither the stimulus nor the person's habit foretells.

The moments of pairs of answers (`pairs_of_answers.py`) give the whole, the group's part and the habit without any model
of feelings. Lapses and overlap come from the likelihood; with them the moments of the feelings follow from those of the
answers: E[theta theta'] = Q^-1 (S - pi nu' - nu pi' + nu nu') Q^-1 / (1 - sum nu)^2, S = E[p p'], pi = E[p].

It rests on this: feelings at stimuli follow a Dirichlet distribution, overlap goes both ways alike, lapses do not
depend on the stimulus, and stimuli come to people by chance. One answer per person and stimulus never tells a lapse
from a feeling; the stimuli do, together: noise puts a floor under every label at every stimulus, also at the clear
ones. That takes three answers at many stimuli. Where labels overlap can be seen only beside others that do not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.disagreement.fit import Fitted, fit_answering
from analysis.statistics.disagreement.jackknife import Spread, two_way_spread
from analysis.statistics.disagreement.likelihood import Answering, Floats, Integers, Pairs, Patterns, log_likelihood
from analysis.statistics.disagreement.model_check import ModelCheck, check_model
from analysis.statistics.disagreement.pairs_of_answers import SameStimulus, habit, same_stimulus, shared_others
from analysis.statistics.disagreement.votes import Votes
from analysis.statistics.resampling import DEFAULT_SEED

PARTS = ("ambiguity", "overlap", "group", "habit", "noise")
#: Stimuli with three answers or more (of one group, where there are groups) below which nothing is told apart.
LEAST_CELLS = 100
LEAST_PEOPLE = 10
#: With fewer labels in use an overlap looks like noise.
LEAST_LABELS = 4
#: A part whose interval is wider than this share of the disagreement is not told.
WIDEST = 0.5
#: More answers of a cell tell little more about lapses and cost much; this many are drawn of them.
MOST_ANSWERS = 16

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Part:
    """A number with its 95 % interval; None, None, None with a reason where it cannot be told."""

    value: float | None
    low: float | None
    high: float | None
    reason: str | None = None


@dataclass(frozen=True)
class OverlappingPair:
    """Two labels (indices) that people use for one another, and with what chance."""

    one: int
    other: int
    chance: Part


@dataclass(frozen=True)
class Decomposition:
    """disagreement: the chance that two people choose different labels at a stimulus; total: that two answers to
    different stimuli differ; shared: 1 - disagreement / total, what people have in common there.

    parts: by name, in the unit of `disagreement`, which they add up to where all can be told; a part that cannot be
    told is in the one that its reason names. shares: the same by disagreement. lapses: the chance that an answer does
    not follow what is felt. clearness: the sum of the Dirichlet's parameters (small = clear stimuli).
    """

    disagreement: Part
    total: Part
    shared: Part
    parts: dict[str, Part]
    shares: dict[str, Part]
    lapses: Part
    clearness: Part
    overlapping: tuple[OverlappingPair, ...] = ()
    lapses_are: str = ""
    check: ModelCheck | None = None
    notes: tuple[str, ...] = ()
    n_answers: int = 0
    n_stimuli: int = 0
    n_annotators: int = 0
    n_cells: int = 0
    groups: tuple[str, ...] = ()
    answering: Answering | None = field(default=None, compare=False)


def no_progress(done: int, total: int, message: str) -> None:
    pass


def decompose(
    votes: Votes,
    *,
    pairs: Pairs | None = None,
    seed: int = DEFAULT_SEED,
    with_intervals: bool = True,
    progress: Progress = no_progress,
) -> Decomposition:
    """The parts with their intervals. pairs: labels that overlap, if that is known beforehand; None = found.

    Never raises for data: what cannot be told says why.
    """
    used = np.flatnonzero(np.bincount(votes.label, minlength=votes.n_labels))
    numbering = {int(label): at for at, label in enumerate(used)}
    votes = votes.only_labels(used)
    notes: list[str] = []
    if len(votes.names) >= 2:
        inside = votes.group_of_answer >= 0
        grouped = votes.kept(inside)
        if same_stimulus(grouped) is None:
            votes = _ungrouped(votes)
            notes.append("The groups never met at the same stimuli, so they cannot be compared.")
        else:
            if not inside.all():
                notes.append(f"{int((~inside).sum())} answers of people in no group, or a small one, are left out.")
            votes = grouped
    else:
        votes = _ungrouped(votes)
    known_pairs = None
    if pairs is not None:
        known_pairs = tuple((numbering[a], numbering[b]) for a, b in pairs if a in numbering and b in numbering)
    return _decompose(votes, used, known_pairs, seed, with_intervals, progress, notes)


def _decompose(
    votes: Votes,
    used: NDArray[np.intp],
    pairs: Pairs | None,
    seed: int,
    with_intervals: bool,
    progress: Progress,
    notes: list[str],
) -> Decomposition:
    moments = same_stimulus(votes)
    if moments is None:
        return _nothing(votes, "No stimulus has two answers, so nobody could agree or disagree.")
    if np.array_equal(np.flatnonzero(moments.between), np.flatnonzero(np.diag(np.diag(moments.between)))):
        return _nothing(votes, "Nobody disagreed with anybody, so there is nothing to take apart.", moments)
    cells, of_stimulus, pooled = _cells(votes, seed)
    if pooled:
        notes.append(
            "Too few stimuli have three answers of one group: lapses and overlap are estimated from all answers of a "
            "stimulus together."
        )
    n_cells = int((cells.sum(axis=1) >= 3).sum())
    own_habit = habit(votes, seed) if _n_people(votes) >= LEAST_PEOPLE else None
    fitted, patterns = None, None
    if n_cells >= LEAST_CELLS and votes.n_labels >= 2:
        patterns = Patterns.among(cells)
        # fewer labels than LEAST_LABELS cannot show an overlap, which then counts as noise
        sought = pairs if votes.n_labels >= LEAST_LABELS else ()
        fitted = fit_answering(patterns, pairs=sought, tick=lambda message: progress(0, 100, message))
    estimate = _figures(moments, own_habit, fitted.answering if fitted else None)
    spread = None
    if with_intervals:
        spread = _spread(votes, cells, of_stimulus, pooled, patterns, fitted, estimate, seed, progress)
    return _told(votes, used, moments, own_habit, fitted, patterns, estimate, spread, n_cells, notes)


def _figures(moments: SameStimulus, own_habit: float | None, answering: Answering | None) -> Floats:
    """Every number that gets an interval, in the order of _NAMES; nan where it does not exist."""
    figures = dict.fromkeys(_NAMES, np.nan)
    whole = moments.disagreement
    figures.update(disagreement=whole, total=moments.total, shared=1 - whole / moments.total)
    figures["group"] = moments.group
    figures["habit"] = np.nan if own_habit is None else own_habit
    within = 1 - float(np.trace(moments.within))
    if answering is not None:
        lapses, felt = answering.lapses, 1 - float(answering.lapses.sum())
        named = (
            moments.within
            - np.outer(moments.shares, lapses)
            - np.outer(lapses, moments.shares)
            + np.outer(lapses, lapses)
        ) / felt**2
        back = np.linalg.pinv(answering.naming())
        figures["ambiguity"] = 1 - float(np.trace(back @ named @ back))
        figures["overlap"] = float(np.trace(back @ named @ back) - np.trace(named))
        figures["noise"] = within - 1 + float(np.trace(named)) - (own_habit or 0.0)
        figures["lapses"], figures["clearness"] = 1 - felt, float(answering.a.sum())
    for name in PARTS:
        figures[f"{name} share"] = figures[name] / whole
    chances = answering.overlap if answering is not None else np.zeros(0)
    return np.concatenate([[figures[name] for name in _NAMES], chances])


#: What the likelihood tells: its spread is in proportion to it.
_BY_FACTORS = ("overlap", "overlap share", "noise", "noise share", "lapses", "chance of an overlap")
_NAMES = (
    *("disagreement", "total", "shared", "lapses", "clearness"),
    *PARTS,
    *(f"{name} share" for name in PARTS),
)


def _spread(
    votes: Votes,
    cells: Integers,
    of_stimulus: Integers,
    pooled: bool,
    patterns: Patterns | None,
    fitted: Fitted | None,
    estimate: Floats,
    seed: int,
    progress: Progress,
) -> Spread:
    slopes = None
    if fitted is not None and patterns is not None:
        slopes = log_likelihood(patterns, fitted.answering)[1]

    # who meets whom hardly changes where a thirtieth is left out, and is the dearest part of the habit
    shared = None if np.isnan(estimate[_NAMES.index("habit")]) else shared_others(votes, seed)

    def without(keep: NDArray[np.bool_], kept_stimuli: NDArray[np.bool_] | None, left: float) -> Floats:
        """The figures of a part of the answers; left: which share of them it is about."""
        some = votes.kept(keep)
        moments = same_stimulus(some)
        if moments is None:
            return np.full_like(estimate, np.nan)
        answering = None
        if fitted is not None and patterns is not None and slopes is not None:
            if kept_stimuli is not None:
                times = np.bincount(patterns.of, weights=kept_stimuli[of_stimulus], minlength=len(patterns.times))
                score = times @ slopes
            else:
                fewer = Patterns.among(_cells(some, seed, pooled=pooled)[0])
                score = fewer.times @ log_likelihood(fewer, fitted.answering)[1]
            # at the optimum the slopes sum to 0 where no bound holds them; there they shrink with the data
            vector = fitted.moved_by(score / left - patterns.times @ slopes)
            answering = fitted.answering.at(vector)
        own = None if shared is None else habit(some, seed, shared)
        return _figures(moments, own, answering)

    return two_way_spread(votes, without, seed=seed, progress=progress)


def _told(
    votes: Votes,
    used: NDArray[np.intp],
    moments: SameStimulus,
    own_habit: float | None,
    fitted: Fitted | None,
    patterns: Patterns | None,
    estimate: Floats,
    spread: Spread | None,
    n_cells: int,
    notes: list[str],
) -> Decomposition:
    def part(at: int, least: float = 0.0, most: float = np.inf) -> Part:
        value = float(estimate[at])
        if np.isnan(value):
            return Part(None, None, None)
        name = _NAMES[at] if at < len(_NAMES) else "chance of an overlap"
        low, high = _interval(name, at, value, estimate, spread) if spread is not None else (None, None)
        if low is not None and high is not None:
            low, high = min(max(low, least), most), min(max(high, least), most)
        return Part(min(max(value, least), most), low, high)

    figures = {name: part(at, most=np.inf if name == "clearness" else 1.0) for at, name in enumerate(_NAMES)}
    whole = figures["disagreement"]
    reasons: dict[str, str] = {}
    check = None
    if fitted is None:
        too_few = (
            f"It takes {LEAST_CELLS} stimuli with three answers{' of one group' if len(votes.names) > 1 else ''} to "
            f"tell ambiguity, overlap and noise apart; there are {n_cells}."
        )
        reasons = dict.fromkeys(("ambiguity", "overlap", "noise"), too_few)
    else:
        assert patterns is not None
        check = check_model(patterns, fitted.answering)
        beyond = _why_not(fitted, figures, check, moments)
        reasons = dict.fromkeys(("ambiguity", "overlap", "noise"), beyond) if beyond else {}
        if not beyond and votes.n_labels < LEAST_LABELS:
            reasons["overlap"] = (
                f"Only {votes.n_labels} labels were used; it takes {LEAST_LABELS} to tell overlap from noise. "
                "Overlap counts as noise here."
            )
    if len(votes.names) < 2:
        reasons["group"] = (
            "There are no two groups that are large enough and answered the same stimuli; what groups may differ in "
            "counts as ambiguity and noise here."
        )
    if own_habit is None:
        reasons["habit"] = (
            f"It takes {LEAST_PEOPLE} people with two answers each beside somebody else's to see habits; "
            "they count as noise here."
        )
    for name in PARTS:
        low, high = figures[name].low, figures[name].high
        if name in reasons or low is None or high is None or not whole.value:
            continue
        if high - low > WIDEST * whole.value:
            reasons[name] = (
                f"The interval would reach from {100 * low / whole.value:.0f} to {100 * high / whole.value:.0f} % of "
                "the disagreement: more answers are needed."
            )
    told = {name: figures[name] if name not in reasons else Part(None, None, None, reasons[name]) for name in PARTS}
    shares = {
        name: figures[f"{name} share"] if name not in reasons else Part(None, None, None, reasons[name])
        for name in PARTS
    }
    unknown = Part(None, None, None, reasons.get("noise"))
    overlapping: tuple[OverlappingPair, ...] = ()
    if fitted is not None and "overlap" not in reasons:
        overlapping = tuple(
            OverlappingPair(int(used[one]), int(used[other]), part(len(_NAMES) + at, most=0.5))
            for at, (one, other) in enumerate(fitted.answering.pairs)
        )
    return Decomposition(
        disagreement=whole,
        total=figures["total"],
        shared=figures["shared"],
        parts=told,
        shares=shares,
        lapses=figures["lapses"] if "noise" not in reasons else unknown,
        clearness=figures["clearness"] if "noise" not in reasons else unknown,
        overlapping=overlapping,
        lapses_are=fitted.lapses_are if fitted is not None else "",
        check=check,
        notes=tuple(notes),
        n_answers=votes.n,
        n_stimuli=len(np.unique(votes.stimulus)),
        n_annotators=_n_people(votes),
        n_cells=n_cells,
        groups=votes.names,
        answering=fitted.answering if fitted is not None else None,
    )


def _interval(name: str, at: int, value: float, estimate: Floats, spread: Spread) -> tuple[float | None, float | None]:
    """What is left beside ambiguity, and not ambiguity, is found with a spread that grows with it: where few lapses are
    found, they are found well. So its interval is that of the rest, turned round."""
    if name in ("ambiguity", "ambiguity share"):
        whole = float(estimate[_NAMES.index("disagreement")]) if name == "ambiguity" else 1.0
        low, high = spread.interval(at, whole - value, by_factors=True)
        return (None, None) if low is None or high is None else (whole - high, whole - low)
    return spread.interval(at, value, by_factors=name in _BY_FACTORS)


def _why_not(fitted: Fitted, figures: dict[str, Part], check: ModelCheck, moments: SameStimulus) -> str | None:
    """Why ambiguity, overlap and noise cannot be told apart although there are answers enough."""
    shared = figures["shared"]
    if shared.value is None or shared.value <= 0 or (shared.low is not None and shared.low <= 0):
        return (
            "The answers do not depend on the stimulus beyond what chance may do. Stimuli that move everybody in every "
            "way, and people who do not look, would give the same answers."
        )
    if not fitted.converged:
        return "The search for the most likely lapses and overlaps did not come to an end."
    if not check.holds:
        return f"The answers do not look as the model says they would ({check.worst}), so its parts would mislead."
    return None


def _nothing(votes: Votes, reason: str, moments: SameStimulus | None = None) -> Decomposition:
    unknown = Part(None, None, None, reason)
    whole, total, shared = unknown, unknown, unknown
    if moments is not None:
        whole, total = Part(0.0, None, None), Part(moments.total, None, None)
        shared = Part(1.0, None, None) if moments.total > 0 else unknown
    return Decomposition(
        disagreement=whole,
        total=total,
        shared=shared,
        parts=dict.fromkeys(PARTS, unknown),
        shares=dict.fromkeys(PARTS, unknown),
        lapses=unknown,
        clearness=unknown,
        n_answers=votes.n,
        n_stimuli=len(np.unique(votes.stimulus)),
        n_annotators=_n_people(votes),
        groups=votes.names,
    )


def _cells(votes: Votes, seed: int, *, pooled: bool | None = None) -> tuple[Integers, Integers, bool]:
    """The answers counted per stimulus, and group where there are enough: counts (n_cells, K) with two answers or more,
    the stimulus of each, and whether groups were put together. pooled: as it was decided before."""
    if len(votes.names) >= 2 and not pooled:
        by_group = votes.counts_by_group()
        counts = by_group.reshape(-1, votes.n_labels)
        if pooled is False or (counts.sum(axis=1) >= 3).sum() >= LEAST_CELLS:
            stimulus = np.tile(np.arange(votes.n_stimuli), len(votes.names))
            return (*_drawn(counts, stimulus, seed), False)
    counts, stimulus = _drawn(votes.counts(), np.arange(votes.n_stimuli), seed)
    return counts, stimulus, len(votes.names) >= 2


def _drawn(counts: Integers, stimulus: Integers, seed: int) -> tuple[Integers, Integers]:
    n = counts.sum(axis=1)
    counts, stimulus, n = counts[n >= 2], stimulus[n >= 2], n[n >= 2]
    many = n > MOST_ANSWERS
    if many.any():
        counts = counts.copy()
        random = np.random.default_rng(seed)
        counts[many] = [random.multivariate_hypergeometric(row, MOST_ANSWERS) for row in counts[many]]
    return counts, stimulus


def _n_people(votes: Votes) -> int:
    return len(np.unique(votes.annotator))


def _ungrouped(votes: Votes) -> Votes:
    return Votes(
        votes.stimulus,
        votes.annotator,
        votes.label,
        np.full(votes.n_annotators, -1),
        votes.n_stimuli,
        votes.n_annotators,
        votes.n_labels,
    )
