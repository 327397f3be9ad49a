"""An interval that may be looked at after every answer: it holds at all times at once."""

import math
from collections.abc import Callable

#: The chance that the interval is ever wrong, however often it is looked at.
ERROR = 0.05
_STEPS = 60  # of bisection: far below any rounding that is shown


def confidence_sequence(n_successes: int, n: int, *, error: float = ERROR) -> tuple[float, float] | None:
    """Interval of a chance p after n independent answers, n_successes of them positive; None without answers.

    With probability 1 - error it contains p after the first answer, the second, and every later one: whoever stops as
    soon as it excludes a value is wrong with at most that chance. So it is wider than an interval for one look at a
    number of answers that was fixed before. It holds all p whose ratio of the mixed to the plain likelihood,
    B(1 + k, 1 + n - k) / (p^k (1 - p)^(n - k)), is below 1 / error (Ville's inequality; the mixture is uniform).
    Source: Robbins (1970), Statistical Methods Related to the Law of the Iterated Logarithm, sec. 3; Waudby-Smith and
    Ramdas (2020), Confidence Sequences for Sampling Without Replacement, prior-posterior ratio, for this form.
    Raises ValueError where n_successes is not in 0 to n, or error not between 0 and 1.
    """
    if not 0 <= n_successes <= n or not 0 < error < 1:
        raise ValueError(f"Got {n_successes} of {n} and an error of {error}. Nothing was computed.")
    if n == 0:
        return None
    k = n_successes
    mixed = math.lgamma(k + 1) + math.lgamma(n - k + 1) - math.lgamma(n + 2)

    def is_inside(p: float) -> bool:
        plain = (k * math.log(p) if k else 0.0) + ((n - k) * math.log1p(-p) if n - k else 0.0)
        return mixed - plain < -math.log(error)

    share = k / n
    low = 0.0 if k == 0 else _edge(is_inside, 0.0, share)
    high = 1.0 if k == n else _edge(is_inside, 1.0, share)
    return low, high


def _edge(is_inside: Callable[[float], bool], outside: float, inside: float) -> float:
    """Where the interval ends between a point outside and one inside it."""
    for _ in range(_STEPS):
        middle = (outside + inside) / 2
        if 0.0 < middle < 1.0 and is_inside(middle):
            inside = middle
        else:
            outside = middle
    return outside
