"""What the page Planning supposes: from the study's own figures, unless something else is typed in. All of it is in the
link."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later

from analysis.over_snapshots.planning import WIDTHS
from analysis.statistics.power import Spread

#: Where a study has no answers yet: a label chosen in one answer out of four; a fifth of the variance lies between
#: images and a twentieth between people, as in studies of this kind.
USUAL = {"share": 25.0, "images_part": 20.0, "people_part": 5.0}
#: name -> label, least, most, step, whether it is a whole number
FIELDS: dict[str, tuple[Any, float, float, str, bool]] = {
    "share": (later("Answers that choose the label, in percent"), 0.1, 99.9, "0.1", False),
    "images_part": (later("Of the variance, between images, in percent"), 0, 99, "0.1", False),
    "people_part": (later("Of the variance, between people, in percent"), 0, 99, "0.1", False),
    "n_images": (later("Images"), 2, 10_000_000, "1", True),
    "n_responses": (later("Answers per image (of each group)"), 1, 1_000, "1", True),
    "n_people": (later("People (in each group)"), 2, 100_000, "1", True),
    "difference": (later("Difference that would matter, in percentage points"), 0.1, 99, "0.1", False),
    "least": (later("Answers that every image gets"), 1, 1_000, "1", True),
    "most": (later("Answers that no image exceeds"), 1, 1_000, "1", True),
}
RULE_FIELDS = ("least", "most")


@dataclass
class Supposed:
    """values: by name of FIELDS. label: id of the label planned for ('' = none). width: of the rule. typed: names that
    were not the study's own. errors: name -> sentence; its value is then the one that would have stood there."""

    values: dict[str, float]
    label: str
    width: float
    typed: set[str] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    @property
    def spread(self) -> Spread:
        """Variances of one answer that chose the label or not."""
        share = self["share"] / 100
        whole = share * (1 - share)
        images, people = self["images_part"] / 100, self["people_part"] / 100
        return Spread(whole * images, whole * people, whole * max(1 - images - people, 0))

    def rows(self, names: list[str]) -> list[dict[str, Any]]:
        """The fields for the template."""
        return [
            {
                "name": name,
                "label": FIELDS[name][0],
                "min": f"{FIELDS[name][1]:g}",
                "max": f"{FIELDS[name][2]:.10g}",
                "step": FIELDS[name][3],
                "value": f"{self.values[name]:.10g}",
                "error": self.errors.get(name, ""),
            }
            for name in names
        ]


def supposed(given: Mapping[str, str], own: Mapping[str, Any] | None, defaults: Mapping[str, float]) -> Supposed:
    """own: the result of the analysis 'planning', or None. defaults: what the study and a rehearsal say of its size."""
    labels = {label["id"]: label for label in own["labels"]} if own and own["n_responses"] else {}
    top = max(labels.values(), key=lambda label: label["share"] or 0.0, default=None)
    label = given.get("label", "")
    chosen = labels.get(label, top)
    values = {**USUAL, **defaults, **(_parts(chosen) if chosen else {})}
    found = Supposed(values, chosen["id"] if chosen else "", _width(given.get("width", ""), defaults["width"]))
    # another label brings its own figures, which must not be hidden by those of the label before
    follows = chosen is not None and given.get("figures_of", "") not in ("", found.label)
    for name, (_label, least, most, _step, is_whole) in FIELDS.items():
        text = given.get(name, "").strip().replace(",", ".")
        if not text or (follows and name in USUAL):
            continue
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not least <= number <= most or (is_whole and number != int(number)):
            found.errors[name] = _("Give a number from %(least)s to %(most)s.") % {
                "least": f"{least:g}",
                "most": f"{most:.10g}",
            }
            continue
        if abs(number - found.values[name]) > 1e-9:
            found.typed.add(name)
        found.values[name] = number
    if found["images_part"] + found["people_part"] > 99:
        found.errors["people_part"] = _("Images and people together cannot have more than 99 % of the variance.")
        found.values |= {"images_part": USUAL["images_part"], "people_part": USUAL["people_part"]}
    if found["least"] > found["most"]:
        found.errors["most"] = _("The most cannot be below the least.")
        found.values["most"] = found["least"]
    return found


def _parts(label: Mapping[str, Any]) -> dict[str, float]:
    """The label's share and parts in percent, within what may be typed; usual ones where the data cannot tell."""
    share = label["share"] or 0.0
    whole = share * (1 - share)
    found = {"share": min(max(round(100 * share, 1), 0.1), 99.9)}
    for name, part in (("images_part", label["of_images"]), ("people_part", label["of_people"])):
        known = part is not None and whole > 0
        found[name] = round(min(max(100 * part / whole, 0), 90), 1) if known else USUAL[name]
    if found["images_part"] + found["people_part"] > 99:
        found["images_part"] = round(99 - found["people_part"], 1)
    return found


def _width(text: str, default: float) -> float:
    try:
        wanted = float(text.replace(",", "."))
    except ValueError:
        wanted = default
    return min(WIDTHS, key=lambda width: abs(width - wanted))
