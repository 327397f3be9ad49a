"""How often the 95 % intervals hold the truth, by figure: python -m bench.interval_coverage [tries [stimuli ...]]

Simulated studies whose truth is known from one of 400,000 stimuli (or from the way they are drawn): stimuli with
Dirichlet distributions over four labels and three to seven responses each, mostly five; grades of five steps; sets of
up to three labels; ratings with a true value and noise. A coverage of 95 % in 1,000 tries has a standard error of
0.7 %, so a single line may say 93.6 to 96.4 % where nothing is wrong. `tests/analysis/statistics/test_resampling.py`
and `test_interval_coverage.py` hold the short form.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from analysis.statistics import AgreementSums, cohen_kappas, convergence, gwet_ac2, krippendorff_alpha_of
from analysis.statistics.dirichlet import share_intervals
from analysis.statistics.estimate import Estimate
from analysis.statistics.scales import intraclass_correlation
from analysis.statistics.wilson import wilson_interval

N_RESAMPLES = 400
N_TRUE = 400_000
SIZES = [3, 4, 5, 5, 5, 5, 6, 7]
OPINIONS = [0.8, 0.6, 0.5, 0.4]
POLARITIES = ["positive", "positive", "negative", "else"]
LIVE = (
    "krippendorff_alpha", "fleiss_kappa", "pairwise_agreement", "chance_agreement", "gwet_ac1", "label_alpha.0",
    "reliability_of_one", "split_half_reliability", "reliability_of_all", "human_ceiling.accuracy",
    "human_ceiling.accuracy_strict_majority", "mean_entropy_nats", "mean_entropy_grassberger_nats",
    "majority.half_or_more", "majority.unique_half_or_more", "majority.strict_majority", "majority.unique_maximizer",
    "positive_and_negative", "mixed_polarity", "label_share.0", "label_share.3", "polarity_share.positive",
    "majority_label.half_or_more.0", "majority_per_response.half_or_more.0",
)  # fmt: skip
#: Combinations that a set of labels may be, and their chances where the stimulus has a leading one.
SETS = [frozenset(each) for each in ("a", "b", "c", "ab", "bc", "abc")]
Named = dict[str, Estimate]


def label_study(random: np.random.Generator, n: int) -> np.ndarray:
    """Half of the stimuli have five responses: the reliabilities are those of the most common number, whose truth would
    be another one in each study if all numbers were as common."""
    return random.multinomial(random.choice(SIZES, n), random.dirichlet(OPINIONS, n))


def grade_study(random: np.random.Generator, n: int) -> np.ndarray:
    """Five grades, the stimuli's own ones in a bell around their middle: (n, 5)."""
    middles = random.normal(2, 1, n)
    grades = np.exp(-((np.arange(5) - middles[:, np.newaxis]) ** 2) / 1.5)
    return random.multinomial(random.integers(3, 8, n), grades / grades.sum(axis=1, keepdims=True))


def set_study(random: np.random.Generator, n: int) -> np.ndarray:
    return random.multinomial(random.integers(3, 8, n), random.dirichlet(np.full(len(SETS), 0.4), n))


def live(counts: np.ndarray, n_resamples: int, seed: int) -> Named:
    sums = AgreementSums.of_counts(counts, polarities=POLARITIES, n_resamples=n_resamples, seed=seed)
    found = sums.estimates()
    return {name: found[name] for name in LIVE}


def grades(counts: np.ndarray, n_resamples: int, seed: int) -> Named:
    values = [1.0, 2.0, 3.0, 4.0, 5.0]
    shared: dict[str, Any] = {"n_resamples": n_resamples, "seed": seed}
    named = {
        f"krippendorff_alpha_{level}": krippendorff_alpha_of(counts, values, level, **shared)
        for level in ("ordinal", "interval", "ratio")
    }
    return named | {f"gwet_ac2 {kind}": gwet_ac2(counts, values, kind, **shared) for kind in ("linear", "quadratic")}


def sets(counts: np.ndarray, n_resamples: int, seed: int) -> Named:
    return {"krippendorff_alpha_sets": krippendorff_alpha_of(counts, SETS, "sets", n_resamples=n_resamples, seed=seed)}


KINDS: tuple[tuple[Callable[..., np.ndarray], Callable[..., Named]], ...] = (
    (label_study, live),
    (grade_study, grades),
    (set_study, sets),
)


def coverage_of_resampling(
    draw: Callable[..., np.ndarray], measure: Callable[..., Named], n_stimuli: int, tries: int, seed: int = 11
) -> dict[str, float]:
    """Figure -> how often its interval held the truth."""
    random = np.random.default_rng(seed)
    truth = {name: each.value for name, each in measure(draw(random, N_TRUE), 0, 0).items()}
    held: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for number in range(tries):
        for name, found in measure(draw(random, n_stimuli), N_RESAMPLES, number).items():
            true = truth[name]
            if found.low is None or found.high is None or true is None:
                continue
            asked[name] += 1
            held[name] += found.low <= true <= found.high
    return {name: held[name] / asked[name] for name in truth if asked[name]}


def coverage_of_convergence(n_stimuli: int, tries: int) -> dict[str, float]:
    """Curves at three of six responses."""

    def curves(counts: np.ndarray, n_resamples: int, seed: int) -> Named:
        found = convergence(AgreementSums.of_counts(counts, n_resamples=n_resamples, seed=seed).grouped(), 6)
        return {f"{name} at 3": found[name].estimates[found[name].n_responses.index(3)] for name in _CURVES}

    def draw(random: np.random.Generator, n: int) -> np.ndarray:
        return random.multinomial(6, random.dirichlet(OPINIONS, n))

    return coverage_of_resampling(draw, curves, n_stimuli, tries)


_CURVES = ("mean_entropy_nats", "majority.strict_majority", "human_ceiling.accuracy", "reliability")


def coverage_of_formulas(tries: int, seed: int = 3) -> dict[str, float]:
    """Intervals that come from a formula: of one stimulus, of a share, of two annotators, of judges."""
    random = np.random.default_rng(seed)
    held: Counter[str] = Counter()
    asked: Counter[str] = Counter()

    def note(name: str, low: float, true: float, high: float) -> None:
        asked[name] += 1
        held[name] += low <= true <= high

    for _try in range(tries):
        share = random.uniform(0.05, 0.95)
        low, high = wilson_interval(int(random.binomial(30, share)), 30) or (0, 1)
        note("share of 30 (Wilson)", low, share, high)
        opinions = random.dirichlet(np.full(4, 0.5))
        bounds = share_intervals(random.multinomial(12, opinions)[np.newaxis])
        for place in range(4):
            note("share at a stimulus (Dirichlet)", bounds[0][0, place], opinions[place], bounds[1][0, place])
        table = random.normal(0, 1, (40, 1)) + random.normal(0, 1, (40, 4))
        for form, true in (("1,1", 0.5), ("1,k", 0.8)):
            found = intraclass_correlation(table, form)
            note(f"ICC({form})", found.low or -1, true, found.high or 1)
        note("kappa of two annotators", *_kappa(random))
    return {name: held[name] / asked[name] for name in asked}


def _kappa(random: np.random.Generator) -> tuple[float, float, float]:
    """Two who share the truth in 60 % and draw evenly among three labels else: kappa 0.36; 80 stimuli."""
    truth = random.integers(0, 3, 80)
    seen = [np.where(random.random(80) < 0.6, truth, random.integers(0, 3, 80)) for _person in (0, 1)]
    pairs = cohen_kappas(np.repeat([0, 1], 80), np.tile(np.arange(80), 2), np.concatenate(seen), 3)
    return float(pairs.low[0]), 0.36, float(pairs.high[0])


def measured(tries: int, sizes: Sequence[int]) -> Iterator[tuple[str, dict[str, float]]]:
    for draw, measure in KINDS:
        for n_stimuli in sizes:
            yield f"{measure.__name__}, {n_stimuli} stimuli", coverage_of_resampling(draw, measure, n_stimuli, tries)
    for n_stimuli in sizes:
        yield f"convergence, {n_stimuli} stimuli", coverage_of_convergence(n_stimuli, tries)
    yield "formulas", coverage_of_formulas(tries)


def main() -> None:
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    sizes = [int(word) for word in sys.argv[2:]] or [50, 100, 300]
    everything: list[float] = []
    began = time.perf_counter()
    for title, shares in measured(tries, sizes):
        everything += shares.values()
        print(f"{title}: mean {np.mean(list(shares.values())):.3f}")
        for name, share in shares.items():
            print(f"  {name:<44} {share:.3f}{'' if 0.93 <= share <= 0.97 else '  <- outside 0.93 to 0.97'}")
        print(f"  ({time.perf_counter() - began:.0f} s)", flush=True)
        began = time.perf_counter()
    inside = np.mean([0.93 <= share <= 0.97 for share in everything])
    print(f"{len(everything)} figures, mean {np.mean(everything):.3f}, {inside:.0%} within 0.93 to 0.97")


if __name__ == "__main__":
    main()
