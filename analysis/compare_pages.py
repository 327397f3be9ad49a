"""What the page Compare shows of a stored comparison: cautions first, then everything, then the shared images."""

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.charts.marks import as_number, as_p, as_percent, signed_points
from analysis.comparison_figures import (
    VERDICTS,
    between,
    differences_figure,
    label_rows,
    shares_figure,
    sides_ends,
)
from analysis.explorer_links import TwoSides, answered
from analysis.figures import Figure, moment
from analysis.models import AnalysisResult
from analysis.over_snapshots.comparison import PERIODS, SOURCES, STEPS, STUDIES, moments
from analysis.over_snapshots.label_mapping import POLARITY, WRITTEN

#: name in the result -> words, how a value and a difference are written
_AGREEMENT: dict[str, tuple[str, Callable[[Any], str], Callable[[Any], str]]] = {
    "krippendorff_alpha": ("Krippendorff's alpha", as_number, as_number),
    "gwet_ac1": ("Gwet's AC1", as_number, as_number),
    "pairwise_agreement": ("Pairwise agreement", as_percent, signed_points),
    "mean_entropy_grassberger_nats": ("Mean entropy, bias-corrected (nats)", as_number, as_number),
    "majority.half_or_more": ("Images on which half or more agree", as_percent, signed_points),
    "positive_and_negative": ("Images both liked and disliked", as_percent, signed_points),
}
#: What of a side's images each of them is seen on; the labels of a further step are none that the explorer knows.
_SEEN_ON: dict[str, dict[str, str]] = {
    "krippendorff_alpha": {"sort": "agreement_low"},
    "gwet_ac1": {"sort": "agreement_low"},
    "pairwise_agreement": {"sort": "agreement_low"},
    "mean_entropy_grassberger_nats": {"sort": "entropy_high"},
    "majority.half_or_more": {"majority": "half_or_more"},
    "positive_and_negative": {"mix": "positive_and_negative"},
}
#: Sides whose images have numbers of responses this far apart are not compared by figures that depend on it.
FAR_APART = 1.5


def cautions(result: AnalysisResult, names: Sequence[str]) -> list[str]:
    """Why a difference may be one of something else than feelings, a sentence each; the gravest first."""
    found = result.result
    sides, shared = found["sides"], found["shared"]["n_shared"]
    most = max(side["n_stimuli"] for side in sides)
    said = []
    empty = [name for name, side in zip(names, sides, strict=True) if not side["n_responses"]]
    if empty:
        said.append(_("There is no answer to compare on this side: %s.") % ", ".join(empty))
    if not shared:
        said.append(
            _(
                "The two sides have no image in common: any difference may be one of the images, not of what people "
                "feel."
            )
        )
    elif shared < most / 2:
        said.append(
            _(
                "Only %(shared)s images were answered on both sides, of up to %(most)s: read what is said of the "
                "shared images first."
            )
            % {"shared": f"{shared:,}", "most": f"{most:,}"}
        )
    for name, left in zip(names, found["left_out"], strict=True):
        if left["n_responses"]:
            said.append(
                _(
                    "%(share)s of the answers of %(side)s are left out, since the other side has no such label "
                    "(%(labels)s). The shares are of what is left: whoever would have chosen these labels is not there."
                )
                % {"share": as_percent(left["share"]), "side": name, "labels": ", ".join(left["labels"])}
            )
    if found["label_sets_differ"]:
        said.append(
            _(
                "People chose from different sets of labels. The labels offered shape what is chosen, even where the "
                "words are the same."
            )
        )
    words = {
        "instructions": _("the instructions"),
        "question": _("the question or its settings"),
        "steps": _("the other steps of the task"),
    }
    if found["asked_differently"]:
        said.append(
            _("The two sides were asked differently: %s.")
            % ", ".join(words[each] for each in found["asked_differently"])
        )
    numbers = [side["responses_per_stimulus"] for side in sides]
    if all(numbers) and max(numbers) > FAR_APART * min(numbers):
        said.append(
            _(
                "The images have different numbers of answers (%(first)g and %(second)g, median): the share of images "
                "with a majority depends on it. Alpha, AC1 and pairwise agreement do not."
            )
            % {"first": numbers[0], "second": numbers[1]}
        )
    if found["periods_overlap"]:
        said.append(_("The two periods overlap: the answers of both are counted on both sides."))
    if found["n_people_on_both"]:
        said.append(
            ngettext(
                "%(n)s person answered on both sides. What she brings to both is taken into account in the intervals "
                "of the shares, and her own two answers to one image count as no agreement between people.",
                "%(n)s people answered on both sides. What each brings to both is taken into account in the intervals "
                "of the shares, and one's own two answers to one image count as no agreement between people.",
                found["n_people_on_both"],
            )
            % {"n": f"{found['n_people_on_both']:,}"}
        )
    if any(found["n_simulated"]):
        said.append(
            _("Simulated answers are among them: %(first)s and %(second)s. They are evidence of nothing.")
            % {"first": f"{found['n_simulated'][0]:,}", "second": f"{found['n_simulated'][1]:,}"}
        )
    return said


def source_of(result: AnalysisResult) -> str:
    """Below every figure: which snapshots, when."""
    ids = result.snapshot_id[:12]
    if result.options["what"] == STUDIES:
        ids = f"{ids}, {result.result['second_snapshot'][:12]}"
    found = result.result
    sides = found["sides"]
    return _(
        "%(first)s and %(second)s responses to %(images)s and %(others)s images%(simulated)s. Snapshot %(snapshot)s, "
        "computed %(when)s by program %(version)s."
    ) % {
        "first": f"{sides[0]['n_responses']:,}",
        "second": f"{sides[1]['n_responses']:,}",
        "images": f"{sides[0]['n_stimuli']:,}",
        "others": f"{sides[1]['n_stimuli']:,}",
        "simulated": _(" (%s of the responses simulated)") % f"{sum(found['n_simulated']):,}"
        if any(found["n_simulated"])
        else "",
        "snapshot": ids,
        "when": moment(result.created_at),
        "version": result.code_version,
    }


def leads_to(result: AnalysisResult) -> TwoSides | None:
    """Where the labels of both sides lead; None where they are none that the explorer could filter by.

    Written labels are not, nor are the labels of a further step.
    """
    options = result.options
    return None if options["labels"] == WRITTEN or options["what"] == STEPS else images_of_sides(result)


def images_of_sides(result: AnalysisResult) -> TwoSides:
    """Where each side's images are. In a period: those that somebody answered in it, whatever they got before or since.

    Images without a source are found by no filter; two steps are of all images.
    """
    options = result.options
    by_polarity = options["labels"] == POLARITY
    if options["what"] == STUDIES:
        return TwoSides(second_study=str(options["other"]), by_polarity=by_polarity)

    def filters(side: str) -> dict[str, str] | None:
        name = str(options[side])
        if options["what"] == SOURCES:
            return {"source": name} if name else None
        return answered(*moments(name)) if options["what"] == PERIODS else {}

    return TwoSides(filters("first"), filters("second"), by_polarity=by_polarity)


def sides_links(result: AnalysisResult) -> list[str]:
    """The images of each side: '' where no filter finds them."""
    return [images_of_sides(result).images(side) for side in ("first", "second")]


def figures_of(result: AnalysisResult, names: Sequence[str], part: str) -> list[Figure]:
    """part: 'everything' or 'shared'."""
    found = result.result
    labels = found["common_labels"]
    rows = found["labels"] if part == "everything" else found["shared"]["labels"]
    source = source_of(result)
    return [
        shares_figure(
            f"{part}-shares",
            labels,
            rows,
            names,
            source,
            leads_to=leads_to(result),
        ),
        differences_figure(
            f"{part}-differences",
            labels,
            rows,
            names,
            margin=float(result.options["margin"]),
            source=source,
            leads_to=leads_to(result),
        ),
    ]


def agreement_rows(result: AnalysisResult) -> list[dict[str, Any]]:
    """Each figure of agreement on both sides, and the difference with its interval."""
    rows, sides = [], ("first", "second")
    own = images_of_sides(result) if result.options["what"] != STEPS else TwoSides(None, None)
    for name, (title, write, write_difference) in _AGREEMENT.items():
        found = result.result["agreement"][name]
        apart = found["difference"]
        if found["first"]["value"] is None and found["second"]["value"] is None:
            continue
        rows.append(
            {
                "title": title,
                "sides": [
                    (write(found[side]["value"]), between(found[side], write), own.images(side, **_SEEN_ON[name]))
                    for side in sides
                ],
                "difference": write_difference(apart["value"]),
                "interval": between(apart, write_difference),
                "is_apart": apart["low"] is not None and (apart["low"] > 0 or apart["high"] < 0),
            }
        )
    return rows


def ground_rows(result: AnalysisResult, names: Sequence[str]) -> list[dict[str, Any]]:
    """Within, between, gap and normalised agreement on the shared images."""
    shared = result.result["shared"]
    rows = []
    for title, found, write in (
        (_("Agree within %s") % names[0], shared["within"][0], as_percent),
        (_("Agree within %s") % names[1], shared["within"][1], as_percent),
        (_("Agree between the two"), shared["between"], as_percent),
        (_("Gap (points)"), shared["gap"], signed_points),
        (_("Cross kappa"), shared["cross_kappa"], as_number),
        (_("Normalised agreement"), shared["normalised"], as_number),
    ):
        words = VERDICTS[found["verdict"]] if "verdict" in found and not found["reason"] else ""
        rows.append(
            {
                "title": title,
                "value": write(found["value"]),
                "interval": between(found, write),
                "words": words or found["reason"] or "",
                "p": as_p(found["p"]) if "verdict" in found else "",
            }
        )
    return rows


CSV_COLUMNS = ["part", "name", "first", "second", "difference", "low", "high", "p_corrected", "p_equivalence_corrected",
               "verdict", "first_low", "first_high", "second_low", "second_high"]  # fmt: skip


def csv_rows(result: AnalysisResult) -> list[list[Any]]:
    found = result.result
    rows: list[list[Any]] = []
    for part, labels in (("everything", found["labels"]), ("shared", found["shared"]["labels"])):
        rows += [[part, *row] for row in label_rows(found["common_labels"], labels)]
    for name, each in found["agreement"].items():
        apart = each["difference"]
        sides = [each[side]["value"] for side in ("first", "second")]
        difference = [apart["value"], apart["low"], apart["high"], None, None, None]
        rows.append(["everything", name, *sides, *difference, *sides_ends(each)])
    shared = found["shared"]
    within = [each["value"] for each in shared["within"]]
    gap = shared["gap"]
    ends = [gap[name] for name in ("value", "low", "high", "p_corrected", "p_equivalence_corrected", "verdict")]
    own = sides_ends(dict(zip(("first", "second"), shared["within"], strict=True)))
    rows.append(["shared", "gap", *within, *ends, *own])
    for name in ("between", "cross_kappa", "normalised"):
        one = shared[name]
        rows.append(["shared", name, None, None, one["value"], one["low"], one["high"], *[None] * 7])
    return rows
