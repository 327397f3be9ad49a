"""How often the 95 % intervals of two_sides.py and common_ground.py hold the truth, and how often chance is called a
difference: python -m bench.group_intervals [studies]

Simulated studies with known parts: images with Dirichlet distributions, people with habits of their own (a share of
their answers comes from a favourite distribution), and a second group that is drawn towards one label.
"""

import sys
import time

import numpy as np

from analysis.statistics.common_ground import common_ground
from analysis.statistics.two_sides import TwoSides, share_differences

N_LABELS = 5
ATTRACTION = np.array([0.6, 0.1, 0.1, 0.1, 0.1])
#: images, people per group, answers per image and group, habit, effect of the group
CASES = (
    (60, 30, 5, 0.0, 0.0),
    (60, 30, 5, 0.3, 0.0),
    (60, 30, 5, 0.3, 0.3),
    (200, 20, 3, 0.3, 0.2),
    (100, 12, 12, 0.3, 0.2),
    (300, 150, 4, 0.2, 0.1),
)


def draw(random, n_images, n_people, per_image, habit, effect):
    """side, stimulus, person, label of one study."""
    images = random.dirichlet(np.full(N_LABELS, 0.8), n_images)
    favourites = random.dirichlet(np.full(N_LABELS, 0.3), 2 * n_people)
    side = np.repeat([0, 1], n_images * per_image)
    stimulus = np.tile(np.repeat(np.arange(n_images), per_image), 2)
    chosen = [random.permuted(np.tile(np.arange(n_people), (n_images, 1)), axis=1)[:, :per_image] for _ in (0, 1)]
    person = np.concatenate([chosen[0].reshape(-1), n_people + chosen[1].reshape(-1)])
    felt = np.where(side[:, None] == 1, (1 - effect) * images[stimulus] + effect * ATTRACTION, images[stimulus])
    shares = (1 - habit) * felt + habit * favourites[person]
    label = (random.random(len(side))[:, None] > shares.cumsum(axis=1)).sum(axis=1).clip(0, N_LABELS - 1)
    return side, stimulus, person, label


def truth(habit, effect):
    """Share differences, and within (first, second), between, gap."""
    a, mean = 0.8, 1 / N_LABELS
    images = np.random.default_rng(1).dirichlet(np.full(N_LABELS, a), 400_000)
    first = (1 - habit) * images + habit * mean
    second = (1 - habit) * ((1 - effect) * images + effect * ATTRACTION) + habit * mean
    within = [(each**2).sum(axis=1).mean() for each in (first, second)]
    between = (first * second).sum(axis=1).mean()
    return (1 - habit) * effect * (mean - ATTRACTION), [*within, between, sum(within) / 2 - between]


def coverage(case, n_studies, seed=1, n_permutations=0):
    """Shares of studies: each kind of interval holds the truth; p of shares and of the gap at most 0.05."""
    *_, habit, effect = case
    differences, figures = truth(habit, effect)
    random = np.random.default_rng(seed)
    held = {"shares": [], "within": [], "between": [], "gap": []}
    called = {"shares": [], "gap": []}
    for _ in range(n_studies):
        columns = draw(random, *case)
        sides = TwoSides.of(*columns, n_labels=N_LABELS)
        for found, true in zip(share_differences(sides, margin=0.05)[1], differences, strict=True):
            held["shares"].append(found.low <= true <= found.high)
            called["shares"].append(found.p <= 0.05)
        paired = TwoSides.of(*columns, n_labels=N_LABELS, least=2)
        ground = common_ground(paired, margin=0.05, n_permutations=n_permutations, n_resamples=0)
        for name, found, true in (
            ("within", ground.within[0], figures[0]),
            ("within", ground.within[1], figures[1]),
            ("between", ground.between, figures[2]),
            ("gap", ground.gap, figures[3]),
        ):
            held[name].append(found.low <= true <= found.high)
        called["gap"].append(ground.gap.p <= 0.05)
    return {name: np.mean(each) for name, each in held.items()}, {name: np.mean(each) for name, each in called.items()}


def main() -> None:
    n_studies = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print("images people answers habit effect | held: shares within between gap | called different: shares gap")
    for case in CASES:
        start = time.perf_counter()
        held, called = coverage(case, n_studies, n_permutations=99)
        numbers = "  ".join(f"{each:.3f}" for each in held.values())
        print(*case, "|", numbers, "|", "  ".join(f"{each:.3f}" for each in called.values()),
              f"| {time.perf_counter() - start:.0f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
