"""What a rule may say: conditions on signals, all or any of them, for an answer or for a person's last answers.

There is no condition about agreement, majority or any label: no rule can be made of disagreement. A signal that is only
a hint (`stands_alone` is false) may tighten a rule of other signals and never be enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.errors import InvalidInput
from annotation.quality.catalogue import SIGNALS
from annotation.quality.signal import AT_LEAST, AT_MOST, Signal

ALL, ANY = "all", "any"
RESPONSE, PERSON = "response", "person"
MOST_CONDITIONS = 8
MOST_WINDOW = 100
DEFAULT_WINDOW, DEFAULT_LEAST = 20, 5

#: What a rule found: [{signal, is, value, found}]
Found = list[dict[str, Any]]


@dataclass(frozen=True)
class Condition:
    """signal: a name of the catalogue. direction: AT_LEAST or AT_MOST. value: in the signal's unit, shares as 0..1."""

    signal: str
    direction: str
    value: float

    def holds(self, found: float | None) -> bool:
        """A signal that cannot tell counts against nobody."""
        if found is None:
            return False
        return found >= self.value if self.direction == AT_LEAST else found <= self.value


@dataclass(frozen=True)
class Definition:
    """A rule's conditions. For a person: at least `least` of her last `window` answers meet them."""

    scope: str
    match: str
    conditions: tuple[Condition, ...]
    window: int = DEFAULT_WINDOW
    least: int = DEFAULT_LEAST

    def met_by(self, signals: Mapping[str, float | None]) -> Found | None:
        """The conditions that hold for an answer, or None if the answer does not meet the rule.

        signals: those of the answer and those of its person together.
        """
        held = [condition for condition in self.conditions if condition.holds(signals.get(condition.signal))]
        if len(held) < (len(self.conditions) if self.match == ALL else 1):
            return None
        return [{"signal": c.signal, "is": c.direction, "value": c.value, "found": signals.get(c.signal)} for c in held]

    def as_json(self) -> dict[str, Any]:
        conditions = [{"signal": c.signal, "is": c.direction, "value": c.value} for c in self.conditions]
        plain: dict[str, Any] = {"scope": self.scope, "match": self.match, "conditions": conditions}
        if self.scope == PERSON:
            plain |= {"window": self.window, "least": self.least}
        return plain

    def sentences(self) -> list[str]:
        """The rule in words, one line per condition; the first says of what."""
        if self.scope == RESPONSE:
            all_of, any_of = _("An answer of which all of this is true:"), _("An answer of which any of this is true:")
            first = all_of if self.match == ALL else any_of
        else:
            of = {"least": self.least, "window": self.window}
            first = (
                _("A person of whose last %(window)s answers at least %(least)s meet all of this:") % of
                if self.match == ALL
                else _("A person of whose last %(window)s answers at least %(least)s meet any of this:") % of
            )
        return [first, *(condition_in_words(c.signal, c.direction, c.value) for c in self.conditions)]


def shown(signal: Signal, value: float | None) -> str:
    """A value as a page shows it."""
    if value is None:
        return _("cannot tell")
    if signal.is_share:
        return f"{100 * value:.0f} %"
    return f"{value:.{signal.decimals}f}"


def condition_in_words(name: str, direction: str, value: float) -> str:
    signal = SIGNALS[name]
    of = {"title": signal.title, "value": shown(signal, value), "unit": "" if signal.is_share else signal.unit}
    least, most = _("%(title)s: at least %(value)s %(unit)s"), _("%(title)s: at most %(value)s %(unit)s")
    return ((least if direction == AT_LEAST else most) % of).strip()


def parse(given: Mapping[str, Any]) -> Definition:
    """The definition that a form or the API gave. Raises InvalidInput, with the field that is wrong."""
    errors: dict[str, list[str]] = {}
    scope, match = given.get("scope", RESPONSE), given.get("match", ALL)
    if scope not in (RESPONSE, PERSON):
        errors["scope"] = [_("Choose whether the rule looks at an answer (response) or at a person (person).")]
    if match not in (ALL, ANY):
        errors["match"] = [_("Choose whether all or any of the conditions must hold (all, any).")]
    rows = given.get("conditions")
    rows = rows if isinstance(rows, list) else []
    conditions = [_condition(number, row, errors) for number, row in enumerate(rows)]
    if not rows:
        errors["conditions"] = [_("Give at least one condition.")]
    elif len(rows) > MOST_CONDITIONS:
        of = {"n": MOST_CONDITIONS, "got": len(rows)}
        errors["conditions"] = [_("A rule has at most %(n)s conditions; these are %(got)s.") % of]
    window, least = DEFAULT_WINDOW, DEFAULT_LEAST
    if scope == PERSON:
        window = _whole(given.get("window", window), "window", 1, MOST_WINDOW, errors)
        least = _whole(given.get("least", least), "least", 1, MOST_WINDOW, errors)
        if not errors and least > window:
            of = {"least": least, "window": window}
            errors["least"] = [_("At least %(least)s of %(window)s answers can never be.") % of]
    kept = tuple(condition for condition in conditions if condition)
    if kept and not errors:
        _refuse_hints_alone(str(match), kept, errors)
    if errors:
        raise InvalidInput(" ".join(sentence for sentences in errors.values() for sentence in sentences), errors)
    return Definition(str(scope), str(match), kept, window, least)


def _condition(number: int, row: Any, errors: dict[str, list[str]]) -> Condition | None:
    field = f"conditions.{number}"
    if not isinstance(row, Mapping) or str(row.get("signal")) not in SIGNALS:
        of = {"n": number + 1, "known": ", ".join(SIGNALS)}
        errors[field] = [_("Condition %(n)s names no signal; there are: %(known)s.") % of]
        return None
    signal = SIGNALS[str(row["signal"])]
    direction = row.get("is")
    if direction not in (AT_LEAST, AT_MOST):
        errors[field] = [_("Condition %(n)s: choose at least or at most (at_least, at_most).") % {"n": number + 1}]
        return None
    try:
        value = float(row.get("value", ""))
    except (TypeError, ValueError):
        value = float("nan")
    high = signal.high if signal.high is not None else 1e9
    if not signal.low <= value <= high:
        of = {
            "n": number + 1,
            "title": signal.title,
            "low": signal.low,
            "high": high,
            "got": str(row.get("value"))[:40],
        }
        errors[field] = [_("Condition %(n)s, %(title)s: give a number from %(low)g to %(high)g; got “%(got)s”.") % of]
        return None
    return Condition(signal.name, direction, value)


def _whole(value: Any, field: str, least: int, most: int, errors: dict[str, list[str]]) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):  # the last: 1e400
        number = least - 1
    if not least <= number <= most:
        of = {"least": least, "most": most, "got": str(value)[:40]}
        errors[field] = [_("Give a whole number of answers from %(least)s to %(most)s; got “%(got)s”.") % of]
    return number


def _refuse_hints_alone(match: str, conditions: Sequence[Condition], errors: dict[str, list[str]]) -> None:
    hints = [condition for condition in conditions if not SIGNALS[condition.signal].stands_alone]
    if hints and (match == ANY or len(hints) == len(conditions)):
        titles = ", ".join(str(SIGNALS[condition.signal].title) for condition in hints)
        errors["conditions"] = [
            ngettext(
                "“%(titles)s” is only a hint: it may not be enough for a flag. Ask for all conditions, and add one "
                "about behaviour.",
                "“%(titles)s” are only hints: they may not be enough for a flag. Ask for all conditions, and add one "
                "about behaviour.",
                len(hints),
            )
            % {"titles": titles}
        ]


def of_stored(definition: Mapping[str, Any]) -> Definition:
    """A definition that was checked when it was stored."""
    return Definition(
        definition["scope"],
        definition["match"],
        tuple(Condition(row["signal"], row["is"], row["value"]) for row in definition["conditions"]),
        definition.get("window", DEFAULT_WINDOW),
        definition.get("least", DEFAULT_LEAST),
    )
