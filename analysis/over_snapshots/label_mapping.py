"""Makes two label sets comparable: the labels both have, their polarities, or a mapping that a researcher wrote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analysis.statistics import POLARITIES, polarities_of
from annotation.errors import InvalidInput

SAME, POLARITY, WRITTEN = "same", "polarity", "written"
WAYS = (SAME, POLARITY, WRITTEN)
#: Of a written mapping, in UTF-8: the options of a result are the key of its row, and an index entry has its limit.
MOST_BYTES = 1_500
Label = Mapping[str, Any]


@dataclass(frozen=True)
class CommonLabels:
    """labels: the common set. first, second: for each label of a side its place in the common set, -1 = in none.

    left_out: names of each side's labels that are in none.
    """

    labels: list[dict[str, Any]]
    first: list[int]
    second: list[int]
    left_out: tuple[list[str], list[str]]

    @property
    def is_merged(self) -> bool:
        """Whether any common label stands for more than one label of a side."""
        return any(side.count(place) > 1 for side in (self.first, self.second) for place in set(side) - {-1})


def common_labels(first: Sequence[Label], second: Sequence[Label], way: str, written: str = "") -> CommonLabels:
    """Raises InvalidInput: an unknown way, a mapping with errors, or fewer than two labels in common."""
    if way == SAME:
        ids = [str(label["id"]) for label in second]
        places = {str(label["id"]): place for place, label in enumerate(one for one in first if str(one["id"]) in ids)}
        kept = [_label(label) for label in first if str(label["id"]) in places]
        found = _made(
            first, second, kept, *([places.get(str(one["id"]), -1) for one in side] for side in (first, second))
        )
    elif way == POLARITY:
        one, other = polarities_of(first), polarities_of(second)
        if one is None or other is None:
            raise InvalidInput(
                _("Not every label of both sets has a polarity, so they cannot be merged to it. Nothing was compared.")
            )
        used = [name for name in POLARITIES if name in {*one, *other}]
        kept = [{"id": name, "name": name.capitalize(), "polarity": name} for name in used]
        found = _made(first, second, kept, [used.index(each) for each in one], [used.index(each) for each in other])
    elif way == WRITTEN:
        found = _written(first, second, written)
    else:
        raise InvalidInput(f"labels must be one of {', '.join(WAYS)}, not {way!r}. Nothing was compared.")
    if len(found.labels) < 2:
        raise InvalidInput(
            _(
                "The two sides have fewer than two labels in common. Merge both to polarity, or write which labels "
                "belong together. Nothing was compared."
            )
        )
    return found


def _label(label: Label) -> dict[str, Any]:
    return {"id": str(label["id"]), "name": str(label.get("name") or label["id"]), "polarity": label.get("polarity")}


def _made(
    first: Sequence[Label], second: Sequence[Label], kept: list[dict[str, Any]], one: list[int], other: list[int]
) -> CommonLabels:
    left_out = tuple(
        [_label(label)["name"] for label, place in zip(side, places, strict=True) if place < 0]
        for side, places in ((first, one), (second, other))
    )
    return CommonLabels(kept, one, other, (left_out[0], left_out[1]))


def _written(first: Sequence[Label], second: Sequence[Label], written: str) -> CommonLabels:
    """A line per common label: name = labels of the first | labels of the second, by commas; one list serves both."""
    if len(written.encode()) > MOST_BYTES:
        raise InvalidInput(_("The mapping is longer than %s bytes. Nothing was compared.") % MOST_BYTES)
    places: tuple[dict[str, int], dict[str, int]] = ({}, {})
    names: list[str] = []
    for number, line in enumerate(written.splitlines(), start=1):
        if not line.strip():
            continue
        name, equals, lists = (part.strip() for part in line.partition("="))
        parts = lists.split("|")
        if not equals or not name or len(parts) > 2 or not lists.strip():
            raise InvalidInput(
                _(
                    "Line %(number)s, %(line)r, is no mapping. Write: name = labels of the first | labels of the "
                    "second, with commas between labels. Nothing was compared."
                )
                % {"number": number, "line": line.strip()[:60]}
            )
        if name in names:
            raise InvalidInput(
                _("Line %(number)s: %(name)r stands there twice. Nothing was compared.")
                % {"number": number, "name": name[:60]}
            )
        names.append(name)
        for at, labels in enumerate((first, second)):
            for word in parts[min(at, len(parts) - 1)].split(","):
                if word.strip():
                    _place(places[at], labels, word.strip(), len(names) - 1, number)
    kept = []
    for place, name in enumerate(names):
        ids = [label for at, labels in enumerate((first, second)) for label in labels
               if places[at].get(str(label["id"])) == place]  # fmt: skip
        polarities = {label.get("polarity") for label in ids}
        kept.append({"id": name, "name": name, "polarity": polarities.pop() if len(polarities) == 1 else None})
    one, other = (
        [places[at].get(str(label["id"]), -1) for label in labels] for at, labels in enumerate((first, second))
    )
    return _made(first, second, kept, one, other)


def _place(places: dict[str, int], labels: Sequence[Label], word: str, place: int, number: int) -> None:
    known = {str(label["id"]).casefold(): str(label["id"]) for label in labels}
    known = {str(label.get("name") or label["id"]).casefold(): str(label["id"]) for label in labels} | known
    found = known.get(word.casefold())
    if found is None:
        names = ", ".join(str(label["id"]) for label in labels)
        raise InvalidInput(
            _("Line %(number)s: there is no label %(word)r on that side; it has %(names)s. Nothing was compared.")
            % {"number": number, "word": word[:60], "names": names}
        )
    if places.get(found, place) != place:
        raise InvalidInput(
            _("Line %(number)s: %(word)r is in another line already. Nothing was compared.")
            % {"number": number, "word": word[:60]}
        )
    places[found] = place
