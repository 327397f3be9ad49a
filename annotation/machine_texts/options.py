"""What a study wants of machine-written texts after an answer. The one place of its settings and their limits."""

import secrets
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from annotation.errors import InvalidInput

#: The scale of plausibility, 1 to 5; its words stand in templates/annotate/_machine_text.html.
LEAST, MOST = 1, 5
MOST_HELD_OUT = 0.9
VARIANTS = ("grounded", "grounded_pragmatic")
"""Both are told the emotion that the person chose; the second lets a listener choose among several texts."""


@dataclass(frozen=True)
class MachineTextOptions:
    """`Study.machine_texts`; an empty object is off.

    held_out_share: the share of people, 0 to 0.9, who are drawn to see none, so that the effect of seeing any can be
    measured. variant: how the network speaks. only_unlearned: texts about images that it did not learn from only.
    people_are_told: the researcher has said that consent and instructions tell of it. seed: of the draw; no page and no
    endpoint of those who take part shows it, so nobody can tell beforehand how it falls.
    """

    is_on: bool = False
    held_out_share: float = 0.5
    variant: str = "grounded"
    only_unlearned: bool = False
    people_are_told: bool = False
    seed: int | None = None

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Self:
        """What `Study.machine_texts` says; it was checked when it was stored."""
        return cls(**{name: value for name, value in stored.items() if name in NAMES})

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    def as_json(self) -> dict[str, Any]:
        """As the API shows them to researchers. The seed comes with the export, where the draw is checked by it."""
        return {name: value for name, value in asdict(self).items() if name != "seed"}


NAMES = tuple(one.name for one in fields(MachineTextOptions))


def clean_machine_texts(given: dict[str, Any], before: MachineTextOptions) -> MachineTextOptions:
    """The settings with what is given changed, and with a seed from the first time they are on.

    Raises InvalidInput with one entry per setting at fault.
    """
    values, errors = before.stored(), {}
    for name, value in given.items():
        problem = _problem(name, value)
        if problem:
            errors[name] = [problem]
        values[name] = value
    if not errors and values["is_on"] and not values["people_are_told"]:
        errors["people_are_told"] = [
            "People must be told before they agree that a computer's sentences are shown and rated, and to some people "
            "only. Write it into the consent text, then confirm it here."
        ]
    if errors:
        sentences = " ".join(f"{name}: {said[0]}" for name, said in errors.items())
        raise InvalidInput(f"Nothing was changed. {sentences}", errors)
    values["held_out_share"] = float(values["held_out_share"])
    if values["is_on"] and values["seed"] is None:
        values["seed"] = secrets.randbits(63)
    return MachineTextOptions(**values)


def _problem(name: str, value: Any) -> str:
    if name not in NAMES or name == "seed":
        known = ", ".join(known for known in NAMES if known != "seed")
        return f"There is no such setting; known are {known}."
    if name == "variant":
        return "" if value in VARIANTS else f"Choose one of {', '.join(VARIANTS)}; this is {value!r}."
    if name == "held_out_share":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = is_number and 0 <= value <= MOST_HELD_OUT
        return "" if fits else f"Give a share from 0 to {MOST_HELD_OUT}; this is {value!r}."
    return "" if isinstance(value, bool) else f"Give true or false; this is {value!r}."
