"""What the page Planning says: sums of a few numbers, no look at the answers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.charts import ShareBar, share_bars
from analysis.charts.marks import as_number, as_percent
from analysis.explorer_links import images
from analysis.figures import Figure
from analysis.over_snapshots.planning import NUMBERS
from analysis.planning_form import Supposed
from analysis.statistics.needed_responses import MOST, expected_widths
from analysis.statistics.power import (
    Design,
    half_width,
    people_needed,
    power_of_equivalence,
    power_to_find,
    smallest_difference,
)
from analysis.statistics.variance_parts import AgreementParts
from annotation.models import PayPlan
from annotation.services.pay_plan import money

PEOPLE = (10, 20, 30, 50, 75, 100, 150, 200, 300, 500)
DRAWN = {1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100}


@dataclass(frozen=True)
class Cost:
    """What answers cost by the pay plan, without a panel's fee; None where nothing is paid."""

    plan: PayPlan | None

    def of(self, n_responses: float) -> str:
        """As the stopping rule's page reckons: a share of the reward for each answer."""
        if self.plan is None or not self.plan.reward:
            return ""
        return money(round(n_responses * self.plan.reward / self.plan.images_per_reward), self.plan.currency)


def widths_figure(own: Mapping[str, Any] | None, supposed: Supposed, source: str) -> Figure:
    """How wide the interval of an image's least known label will be, by its number of answers."""
    if own and own["widths"] and "share" not in supposed.typed:
        rows = own["widths"]
        lead = _("The line spans the tenth of the images that will be known best and the tenth known least.")
    else:
        share = supposed["share"] / 100
        rows = [
            {"n": n, "mean": float(expected_widths([share], n)[0]), "p10": None, "p90": None, "is_projected": True}
            for n in NUMBERS
        ]
        lead = _("For a label that %(share)s of the people would choose on the image.") % {"share": as_percent(share)}
        source = _("From what is supposed below, not from answers.")
    bars = [
        ShareBar(
            ngettext("%(n)s answer", "%(n)s answers", row["n"]) % {"n": row["n"]},
            row["mean"],
            row["p10"],
            row["p90"],
            "series-2" if row["is_projected"] else "series-1",
            _("more than any image has") if row["is_projected"] and row["p10"] is not None else "",
        )
        for row in rows
        if row["n"] in DRAWN
    ]
    # the images that have so many answers by now, where there are such
    links = [
        "" if row["is_projected"] else images(responses_min=row["n"], responses_max=row["n"], sort="entropy_high")
        for row in rows
    ]
    title = _("How well each image will be known")
    return Figure(
        id="widths",
        title=title,
        lead=lead,
        svg=mark_safe(share_bars(title, lead, bars, full=1)),  # noqa: S308 (our own drawing, every word escaped)
        columns=[_("Answers per image"), _("Expected width"), _("10th percentile"), _("90th percentile")],
        rows=[[str(row["n"]), *(as_percent(row[name]) for name in ("mean", "p10", "p90"))] for row in rows],
        raw_columns=["answers_per_image", "expected_width", "p10", "p90", "is_projected"],
        raw_rows=[[row[name] for name in ("n", "mean", "p10", "p90", "is_projected")] for row in rows],
        definition=_(
            "Expected width of the 95 % interval after Wilson (1927) of the share of the label that is known least on "
            "an image, over all outcomes that so many answers can have. Each image's true shares are taken to be those "
            "of its answers with half an answer added to each label."
        ),
        source=source,
        css="half",
        links=links,
    )


def power_figure(supposed: Supposed) -> Figure:
    """The chance to find the difference between two groups of people, by people in each."""
    bars, rows, raw = [], [], []
    for n in sorted({*PEOPLE, int(supposed["n_people"])}):
        found, shown = _powers(supposed, n)
        css = "series-1" if n == int(supposed["n_people"]) else "series-2"
        bars.append(ShareBar(_("%(n)s people in each group") % {"n": f"{n:,}"}, found, css=css, marker=0.8))
        rows.append([f"{n:,}", as_percent(found, 0), as_percent(shown, 0)])
        raw.append([n, found, shown])
    title = _("How likely two groups' difference is found")
    lead = _("A true difference of %(points)s points in the label's share; the mark is at 80 %%.") % {
        "points": as_number(supposed["difference"], 1)
    }
    return Figure(
        id="power",
        title=title,
        lead=lead,
        svg=mark_safe(share_bars(title, lead, bars, full=1)),  # noqa: S308
        columns=[_("People in each group"), _("Finds the difference"), _("Shows there is none")],
        rows=rows,
        raw_columns=["people_in_each_group", "finds_the_difference", "shows_there_is_none"],
        raw_rows=raw,
        definition=_(
            "Finds: the 95 % interval of the difference excludes 0 (noncentral t). Shows there is none: two one-sided "
            "tests against a margin of that size succeed where there is no difference. Both for one label, before any "
            "correction for many labels; both groups answer the same images. Cohen (1988); Phillips (1990)."
        ),
        source=_("From what is supposed below."),
        css="half",
    )


def _design(supposed: Supposed, n_people: int) -> Design:
    return Design(int(supposed["n_images"]), supposed["n_responses"], n_people)


def _powers(supposed: Supposed, n_people: int) -> tuple[float, float]:
    """To find the difference, and to show that there is none of that size."""
    design = _design(supposed, n_people)
    error = design.standard_error_between_people(supposed.spread)
    apart = supposed["difference"] / 100
    return power_to_find(apart, error, design.degrees), power_of_equivalence(apart, error, design.degrees)


def group_answers(supposed: Supposed, cost: Cost) -> dict[str, Any]:
    """For two groups of people as supposed: what is found, what could be, and how many people it would take."""
    design = _design(supposed, int(supposed["n_people"]))
    error = design.standard_error_between_people(supposed.spread)
    needed = []
    for power in (0.8, 0.9):
        find = people_needed(lambda n: _powers(supposed, n)[0], power)
        show = people_needed(lambda n: _powers(supposed, n)[1], power)
        needed.append({"power": as_percent(power, 0), "find": _people(find), "show": _people(show)})
    found, shown = _powers(supposed, int(supposed["n_people"]))
    return {
        "found": as_percent(found, 0),
        "shown": as_percent(shown, 0),
        "smallest": as_number(100 * smallest_difference(error, design.degrees), 1),
        "half_width": as_number(100 * half_width(error, design.degrees), 1),
        "needed": needed,
        "cost": cost.of(2 * design.n_answers),
    }


def _people(n: int | None) -> str:
    return _("not with any number of people, since images or answers are too few") if n is None else f"{n:,}"


def image_sets_answers(supposed: Supposed) -> dict[str, str]:
    """For two sets of images, each as large as supposed, that the same people answer."""
    design = _design(supposed, int(supposed["n_people"]))
    error = design.standard_error_between_images(supposed.spread)
    return {
        "found": as_percent(power_to_find(supposed["difference"] / 100, error, design.degrees), 0),
        "smallest": as_number(100 * smallest_difference(error, design.degrees), 1),
    }


def study_rows(own: Mapping[str, Any] | None, supposed: Supposed, cost: Cost) -> list[dict[str, Any]]:
    """The whole study by answers per image: half the interval of the label's share and of agreement, and the cost."""
    agreement = _agreement(own)
    n_images, n_people = int(supposed["n_images"]), int(supposed["n_people"])
    rows = []
    for n in sorted({1, 2, 3, 5, 8, 10, 15, 20, 30, int(supposed["n_responses"])}):
        design = Design(n_images, n, n_people)
        share = half_width(design.standard_error_of_share(supposed.spread), design.degrees)
        error = agreement.standard_error(n_images, n) if agreement else None
        rows.append(
            {
                "n": n,
                "is_supposed": n == int(supposed["n_responses"]),
                "share": as_number(100 * share, 2),
                "agreement": "–" if error is None else as_number(100 * half_width(error, max(n_images - 1, 1)), 2),
                "n_responses": n * n_images,
                "cost": cost.of(n * n_images),
            }
        )
    return rows


def _agreement(own: Mapping[str, Any] | None) -> AgreementParts | None:
    return AgreementParts(**own["agreement"]) if own and own["agreement"]["value"] is not None else None


def rule_rows(rule: Sequence[Mapping[str, Any]], supposed: Supposed, cost: Cost) -> list[dict[str, Any]]:
    """What the rule would ask for, by its width: around the one chosen, all else as supposed."""
    chosen = next(at for at, row in enumerate(rule) if math.isclose(row["width"], supposed.width))
    rows = []
    for row in rule[max(chosen - 4, 0) : chosen + 5]:
        found = preview(row["needs"], least=int(supposed["least"]), most=int(supposed["most"]))
        rows.append(
            {
                "width": as_percent(row["width"], 0),
                "is_chosen": math.isclose(row["width"], supposed.width),
                **found,
                "cost": cost.of(found["further"]),
            }
        )
    return rows


def preview(needs: Sequence[Sequence[int]], *, least: int, most: int) -> dict[str, int]:
    """needs: [responses now, needed in all, images] each, of one width.

    n_known: images known already; n_will: those that will be, before the most; n_never: those that get the most and are
    not known then; further: answers still to come. As top_up.measure reckons image by image: an image without answers
    is counted with the most, since nothing is known of it.
    """
    found = {"n_known": 0, "n_will": 0, "n_never": 0, "further": 0}
    for n_now, total, n in needs:
        target = max(min(total, most), least)
        found["further"] += n * max(target - n_now, 0)
        is_enough = total <= most and total < MOST
        name = "n_known" if is_enough and n_now >= max(total, least) else "n_will" if is_enough else "n_never"
        found[name] += n
    return found
