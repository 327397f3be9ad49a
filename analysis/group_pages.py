"""What the page Groups shows of the stored comparisons: only groups that may be told of now, whatever was stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from analysis.charts import Dot, dots
from analysis.charts.marks import as_p, as_percent, signed_points
from analysis.comparison_figures import VERDICTS, between
from analysis.explorer_links import images
from analysis.figures import Figure, moment
from analysis.models import AnalysisResult
from analysis.over_snapshots.groups import GROUPS
from analysis.queries import latest_analysis
from analysis.services.compare_groups import DEMOGRAPHIC_GROUPS
from annotation.models import Study
from annotation.queries import demographic_groups


@dataclass(frozen=True)
class Grouping:
    """by: its name in the link. title: words. names: of its groups, as shown. result: the stored row it comes from."""

    by: str
    title: str
    names: dict[str, str]
    found: dict[str, Any]
    result: AnalysisResult
    is_demographic: bool

    @property
    def labels(self) -> list[dict[str, Any]]:
        labels: list[dict[str, Any]] = self.result.result["labels"]
        return labels

    @property
    def margin(self) -> float:
        return float(self.result.options["margin"])

    @property
    def source(self) -> str:
        """Below every figure: what it rests on, and as of when."""
        whole = self.result.result
        return _("%(n)s responses of %(people)s people%(simulated)s. Snapshot %(snapshot)s, computed %(when)s.") % {
            "n": f"{whole['n_responses']:,}",
            "people": f"{whole['n_people']:,}",
            "simulated": _(", %s of them simulated") % f"{whole['n_simulated']:,}" if whole["n_simulated"] else "",
            "snapshot": self.result.snapshot_id[:12],
            "when": moment(self.result.created_at),
        }

    def images_of(self, name: str) -> dict[str, str]:
        """The explorer's filters of a group: cohorts only. What people said of themselves leads to no person's images,
        and which images were answered in a language stands in no index."""
        return {"group": name} if self.by == "cohort" and not self.is_demographic and name else {}

    def pair(self, text: str) -> dict[str, Any] | None:
        """The pair that a link names, 'first~second'; else the first one; None where there is none."""
        pairs: list[dict[str, Any]] = self.found["pairs"]
        named = [pair for pair in pairs if f"{pair['first']}~{pair['second']}" == text]
        return next(iter(named or pairs), None)


def groupings_of(study: Study) -> list[Grouping]:
    """All that were found last, in their order; those by what people said come last, as far as they may be shown."""
    found = []
    of_snapshot = latest_analysis(study.pk, GROUPS.name)
    titles = {"cohort": _("Cohort"), "language": _("Language of the page")}
    if of_snapshot:
        for one in of_snapshot.result["groupings"]:
            names = {group["name"]: group["name"] or _("(none)") for group in one["groups"]}
            found.append(Grouping(one["by"], titles[one["by"]], names, one, of_snapshot, False))
    demographic = latest_analysis(study.pk, DEMOGRAPHIC_GROUPS)
    questions = {question.key: question for question in demographic_groups(study)} if demographic else {}
    for one in demographic.result["groupings"] if demographic else []:
        question = questions.get(one["by"])
        if question is None:
            continue
        words = {group.option: group.words for group in question.groups}
        # a group that has become too small since, or whose least number went up, is shown no more
        kept = {group["name"]: words[group["name"]] for group in one["groups"] if group["name"] in words}
        if len(kept) < 2:
            continue
        shown = {
            **one,
            "groups": [group for group in one["groups"] if group["name"] in kept],
            "pairs": [pair for pair in one["pairs"] if pair["first"] in kept and pair["second"] in kept],
        }
        found.append(Grouping(one["by"], question.text, kept, shown, demographic, True))  # type: ignore[arg-type]
    return found


def ground_figure(grouping: Grouping) -> Figure:
    """Within each group, and between every two: the chance that two people agree."""
    drawn, table, links = [], [], []

    def add(name: str, found: dict[str, Any], css: str, link: str) -> None:
        links.append(link)
        drawn.append(
            Dot(
                name,
                found["value"],
                found["low"],
                found["high"],
                as_percent(found["value"]),
                found["reason"] or "",
                css,
                href=link,
            )
        )
        table.append([name, as_percent(found["value"]), between(found, as_percent), f"{found['n']:,}"])

    for group in grouping.found["groups"]:
        own = grouping.images_of(group["name"])
        link = images(**own, responses_min=2) if own else ""
        add(_("within %s") % grouping.names[group["name"]], group["figures"]["pairwise_agreement"], "series-1", link)
    for pair in grouping.found["pairs"]:
        names = {"first": grouping.names[pair["first"]], "second": grouping.names[pair["second"]]}
        sides = [grouping.images_of(pair[side]) for side in ("first", "second")]
        link = images(group=sides[0]["group"], also_group=sides[1]["group"]) if all(sides) else ""
        add(_("between %(first)s and %(second)s") % names, pair["between"], "series-2", link)
    title = _("Common ground within and between")
    lead = _("How often two people who look at the same image choose the same label.")
    ticks = [(0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %")]
    return Figure(
        id="ground",
        title=title,
        lead=lead,
        svg=mark_safe(dots(title, lead, drawn, axis=(0, 1), ticks=ticks)),  # noqa: S308 (our own drawing)
        columns=[_("Whom"), _("Agree"), _("95 % interval"), _("Images")],
        rows=table,
        raw_columns=[],
        raw_rows=[],
        definition=_(
            "Within: the share of pairs of people of one group who chose the same label, over all images with two of "
            "its answers (interval: images resampled). Between: pairs of one person of each group, over the images "
            "with two answers of both (interval: by person and image). The images differ from row to row; for a fair "
            "comparison of two groups read the gap below, which rests on the same images on all three sides."
        ),
        source=grouping.source,
        css="half",
        links=links,
    )


def pair_rows(grouping: Grouping, chosen: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The table of pairs: the gap, what may be said of it, and the link's name."""
    rows = []
    for pair in grouping.found["pairs"]:
        gap, apart = pair["gap"], [row for row in pair["labels"] if row["verdict"].startswith("differ")]
        rows.append(
            {
                "key": f"{pair['first']}~{pair['second']}",
                "names": f"{grouping.names[pair['first']]} · {grouping.names[pair['second']]}",
                "is_chosen": pair is chosen,
                "n_shared": pair["n_shared"],
                "images": images(group=pair["first"], also_group=pair["second"])
                if grouping.images_of(pair["first"]) and grouping.images_of(pair["second"])
                else "",
                "gap": signed_points(gap["value"]),
                "interval": between(gap),
                "p": as_p(gap["p_corrected"]),
                "verdict": VERDICTS[gap["verdict"]],
                "reason": gap["reason"] or "",
                "normalised": pair["normalised"]["value"],
                "n_labels_apart": len(apart),
                "n_searched": pair["n_searched"],
                "n_apart": pair["n_apart"],
            }
        )
    return rows


CSV_COLUMNS = ["kind", "first", "second", "label", "first_value", "second_value", "value", "low", "high", "p_corrected",
               "p_equivalence_corrected", "verdict", "n_images"]  # fmt: skip


def csv_rows(grouping: Grouping) -> list[list[Any]]:
    """Everything of one grouping as a long table."""
    rows: list[list[Any]] = []
    for group in grouping.found["groups"]:
        for name, found in group["figures"].items():
            rows.append([name, group["name"], "", "", "", "", *_ends(found), "", "", "", found["n"]])
        for label, found in zip(grouping.labels, group["shares"], strict=True):
            rows.append(["label_share", group["name"], "", label["id"], "", "", *_ends(found), "", "", "", found["n"]])
    for pair in grouping.found["pairs"]:
        sides = [pair["first"], pair["second"]]
        rows.append(["between", *sides, "", "", "", *_ends(pair["between"]), "", "", "", pair["between"]["n"]])
        within = [each["value"] for each in pair["within"]]
        rows.append(["gap", *sides, "", *within, *_ends(pair["gap"]), *_said(pair["gap"])])
        for name in ("cross_kappa", "normalised"):
            rows.append([name, *sides, "", "", "", *_ends(pair[name]), "", "", "", pair[name]["n"]])
        for label, row in zip(grouping.labels, pair["labels"], strict=True):
            rows.append(["difference", *sides, label["id"], row["first"], row["second"], *_ends(row), *_said(row)])
    return rows


def _ends(found: dict[str, Any]) -> Sequence[Any]:
    return found["value"], found["low"], found["high"]


def _said(found: dict[str, Any]) -> Sequence[Any]:
    return found["p_corrected"], found["p_equivalence_corrected"], found["verdict"], found["n"]
