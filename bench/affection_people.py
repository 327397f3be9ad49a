"""Who the people of a replayed Affection are: how many answers each means to give, and what they do besides."""

import random
from dataclasses import dataclass, field
from typing import Any

PARETO_SHAPE = 1.16  # a few people give most of the answers: 20 % of them about 80 %
ANSWERS_PER_SITTING = 40.0
MOST_SITTINGS = 12


@dataclass(frozen=True)
class Habits:
    """Shares of answers (the last one: of people), 0 to 1.

    loses_connection: the answer of the server is lost on the way, and the same is sent again.
    sends_twice: an impatient second press: the same request again after the first was answered.
    """

    skips: float = 0.015
    revises: float = 0.01
    withdraws: float = 0.003
    loses_connection: float = 0.005
    sends_twice: float = 0.003
    withdraws_everything: float = 0.003


def answers_per_person(n_people: int, n_responses: int, most: int) -> list[int]:
    """A power law (Pareto, by its quantiles): at least 1 and at most `most` answers each, n_responses together or a
    few more. Raises ValueError where n_people of `most` answers each are too few.
    """
    if n_people * most < n_responses:
        raise ValueError(f"{n_people} people of at most {most} answers cannot give {n_responses}. Ask for more people.")
    quantiles = [(1 - (rank + 0.5) / n_people) ** (-1 / PARETO_SHAPE) for rank in range(n_people)]

    def numbers(scale: float) -> list[int]:
        return [max(1, min(most, round(scale * quantile))) for quantile in quantiles]

    low, high = 0.0, float(most) + 1
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(numbers(middle)) < n_responses else (low, middle)
    return numbers(high)


@dataclass
class Person:
    """Somebody with a browser. quota: answers she means to give; accepted: those that hold a slot."""

    index: int
    quota: int
    dice: random.Random
    cookies: dict[str, str] = field(default_factory=dict)
    given: int = 0
    accepted: int = 0
    on_screen: dict[str, Any] | None = None  # the image of a laptop that was closed over it
    newest: tuple[int, str, str] | None = None  # id, key and status of her last answer
    waits: bool = False  # her page is open and looks again for an image
    gives_up: bool = False  # withdraws everything when she has done half of it

    def sitting(self) -> int:
        """How many answers until she stops for a while."""
        return 1 + int(self.dice.expovariate(1 / max(ANSWERS_PER_SITTING, self.quota / MOST_SITTINGS)))
