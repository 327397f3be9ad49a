"""The interval of one share out of few independent answers: for a single stimulus or a single person."""

import math

#: 97.5 % of a normal distribution lie below this: two-sided 95 %.
Z = 1.959963984540054


def wilson_interval(n_chosen: int, n: int) -> tuple[float, float] | None:
    """95 % interval of the share n_chosen / n, both within 0 to 1; None without answers.

    It treats the n answers as independent draws: right for the people who looked at one image, not for all answers of
    a study (there, stimuli are resampled). Stays within 0 to 1 and keeps a width where everyone or nobody chose.
    Source: Wilson (1927), Probable Inference, the Law of Succession, and Statistical Inference, eq. for p.
    Raises ValueError if n_chosen is not in 0 to n.
    """
    if not 0 <= n_chosen <= n:
        raise ValueError(f"The number of those who chose must be in 0 to {n}; got {n_chosen}. Nothing was computed.")
    if n == 0:
        return None
    share = n_chosen / n
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
