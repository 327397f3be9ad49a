"""The state of the page Compare: read from the link, put into the link, and the choices of its form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from analysis.over_snapshots.comparison import DEFAULTS, KINDS, PERIODS, SOURCES, STEPS, STUDIES
from analysis.over_snapshots.label_mapping import SAME, WAYS
from annotation.access import has_right, studies_of
from annotation.errors import InvalidInput
from annotation.models import Study
from annotation.queries import sources_of, study_of_slug

MARGIN = "5"
MOST_STUDIES = 500


@dataclass(frozen=True)
class Choices:
    """What a form offers. studies: (slug, title); sources, steps: names. kinds: those that this study can do."""

    studies: list[tuple[str, str]]
    sources: list[str]
    steps: list[str]

    @property
    def kinds(self) -> list[tuple[str, str]]:
        words = {
            STUDIES: _("two studies"),
            SOURCES: _("two sources of this study"),
            PERIODS: _("two periods of this study"),
            STEPS: _("two steps with labels"),
        }
        can = {
            STUDIES: bool(self.studies),
            SOURCES: len(self.sources) > 1,
            PERIODS: True,
            STEPS: len(self.steps) > 1,
        }
        return [(kind, words[kind]) for kind in KINDS if can[kind]]


def choices_of(study: Study, user: Any) -> Choices:
    others = studies_of(user).exclude(pk=study.pk).order_by("title", "pk").values_list("slug", "title")[:MOST_STUDIES]
    steps = [step.name for step in study.parsed_steps if step.labels is not None]
    return Choices(list(others), sources_of(study), steps)


def values_of(given: Mapping[str, Any], choices: Choices) -> dict[str, str]:
    """The fields of the form as text, from a link or a form; what is missing gets a choice that can be made."""
    kinds = [kind for kind, _words in choices.kinds]
    what = given.get("what", "")
    values = {"what": what if what in KINDS else kinds[0]}
    names = choices.sources if values["what"] == SOURCES else choices.steps if values["what"] == STEPS else []
    for at, name in enumerate(("first", "second")):
        values[name] = str(given.get(name) or (names[at] if len(names) > at else ""))[:300]
    for name in ("first_from", "first_to", "second_from", "second_to"):
        values[name] = str(given.get(name, ""))[:10]
    values["other"] = str(given.get("other", ""))[:120]
    values["labels"] = given["labels"] if given.get("labels") in WAYS else SAME
    # a form sends lines with \r\n, a link holds \n
    values["mapping"] = "\n".join(line.strip() for line in str(given.get("mapping", ""))[:4_000].splitlines())
    values["simulated"] = "no" if given.get("simulated") == "no" else "yes"
    values["margin"] = str(given.get("margin") or MARGIN)[:8]
    return values


def options_of(study: Study, user: Any, values: Mapping[str, str]) -> dict[str, Any]:
    """The options of the comparison. Raises InvalidInput; a study that this person may not see is none."""
    options = dict(DEFAULTS)
    try:
        options["margin"] = round(float(values["margin"].replace(",", ".")) / 100, 6)
    except ValueError:
        raise InvalidInput(_("Give the margin as a number. Nothing was compared.")) from None
    if not 0 < options["margin"] < 1:
        raise InvalidInput(_("The margin must lie between 0 and 100 points. Nothing was compared."))
    options |= {
        "what": values["what"],
        "labels": values["labels"],
        "mapping": values["mapping"] if values["labels"] == "written" else "",
        "with_simulated": values["simulated"] != "no",
    }
    if values["what"] == STUDIES:
        other = study_of_slug(values["other"]) if values["other"] else None
        if other is None or other == study or not has_right(user, other, "see_results"):
            raise InvalidInput(_("Choose another study whose results you may see. Nothing was compared."))
        options["other"] = other.slug
    elif values["what"] == PERIODS:
        options["first"] = f"{values['first_from']}..{values['first_to']}"
        options["second"] = f"{values['second_from']}..{values['second_to']}"
    else:
        options["first"], options["second"] = values["first"], values["second"]
    return options


def link_of(values: Mapping[str, str]) -> str:
    """The query that holds the whole state: only what the kind of comparison looks at."""
    used = {
        STUDIES: ["other"],
        PERIODS: ["first_from", "first_to", "second_from", "second_to"],
        SOURCES: ["first", "second"],
        STEPS: ["first", "second"],
    }[values["what"]]
    names = ["what", *used, "labels", *(["mapping"] if values["labels"] == "written" else []), "simulated", "margin"]
    return urlencode({name: values[name] for name in names})


def names_of(study: Study, values: Mapping[str, str]) -> list[str]:
    """What the two sides are called on the page."""
    if values["what"] == STUDIES:
        other = study_of_slug(values["other"])
        one, two = study.title, other.title if other else values["other"]
        return [one, two] if one != two else [f"{one} ({study.slug})", f"{two} ({values['other']})"]
    if values["what"] == PERIODS:
        return [f"{values[f'{side}_from']} – {values[f'{side}_to']}" for side in ("first", "second")]
    return [values["first"] or _("(no source)"), values["second"] or _("(no source)")]
