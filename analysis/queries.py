"""Reads of computed results, for pages, API and commands."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from analysis.models import (
    PACE_SLOT_MINUTES,
    AnalysisResult,
    AnnotatorStatistics,
    LatentTruthResult,
    PaceSlot,
    Recount,
    StimulusStatistics,
    StudyStatistics,
)
from analysis.statistics.latent import METHODS

SLOT_SECONDS = 60 * PACE_SLOT_MINUTES


def study_statistics(study_id: int) -> StudyStatistics | None:
    """The study's figures, without the sums behind them; None before the first response was counted."""
    return StudyStatistics.objects.filter(pk=study_id).defer("sums").first()


def last_recount(study_id: int) -> Recount | None:
    return Recount.objects.filter(study_id=study_id).order_by("-id").first()


def latent_truth_of(study_id: int) -> list[LatentTruthResult]:
    """What the methods made of the study as it was last computed, in the order of METHODS; empty if it never was."""
    newest = LatentTruthResult.objects.filter(study_id=study_id).order_by("-as_of", "-created_at", "-pk").first()
    if newest is None:
        return []
    rows = LatentTruthResult.objects.filter(study_id=study_id, snapshot_id=newest.snapshot_id)
    order = [method.name for method in METHODS]
    return sorted((row for row in rows if row.method in order), key=lambda row: order.index(row.method))


def latest_analysis(study_id: int, name: str, **options: Any) -> AnalysisResult | None:
    """What the analysis found of the study as it was last, with these options whatever the others were.

    None if it never ran. What was computed later of an earlier snapshot comes behind.
    """
    rows = AnalysisResult.objects.filter(study_id=study_id, name=name, options__contains=options)
    return rows.order_by("-as_of", "-created_at", "-pk").first()


_SOURCES = """
    with recursive step as (
      (select source from analysis_explanationindex where study_id = %(study)s order by source limit 1)
      union all
      select (select source from analysis_explanationindex
              where study_id = %(study)s and source > step.source order by source limit 1)
      from step where step.source is not null
    ) select source from step where source <> ''
"""


def sources_of_study(study_id: int) -> list[str]:
    """Where the answered images come from, in order. One step along an index per source, however many the images."""
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES, {"study": study_id})
        return [row[0] for row in cursor.fetchall()]


def stimulus_statistics(stimulus_id: int) -> StimulusStatistics | None:
    return StimulusStatistics.objects.filter(pk=stimulus_id).first()


def annotator_statistics(participation_id: int) -> AnnotatorStatistics | None:
    return AnnotatorStatistics.objects.filter(pk=participation_id).first()


def extremes_of_agreement(study_id: int, n: int, *, least: int = 2) -> tuple[list[StimulusStatistics], ...]:
    """The `n` stimuli that people agree on most, and the `n` they agree on least; with at least `least` responses."""
    rows = StimulusStatistics.objects.filter(study_id=study_id, agreement__isnull=False, n_responses__gte=least)
    # each order is an index read from one end
    return (
        list(rows.order_by("-agreement", "-n_responses", "-stimulus_id")[:n]),
        list(rows.order_by("agreement", "-n_responses", "stimulus_id")[:n]),
    )


def responses_since(study_id: int, since: datetime) -> int:
    """Accepted responses of the ten-minute slots that began at or after `since`."""
    slots = PaceSlot.objects.filter(study_id=study_id, slot__gte=-(-int(since.timestamp()) // SLOT_SECONDS))
    return int(slots.aggregate(n=Sum("n_responses"))["n"] or 0)


def pace_per_hour(study_id: int, now: datetime | None = None) -> tuple[float, str]:
    """Accepted responses per hour and the span it was measured on: the last hour, or, if nothing came, the last day.

    While the study is younger than the hour it divides by its age, at least one slot.
    """
    now = now or timezone.now()
    hour = responses_since(study_id, now - timedelta(hours=1))
    if hour:
        first = PaceSlot.objects.filter(study_id=study_id).order_by("slot").values_list("slot", flat=True)[0]
        age = now.timestamp() - first * SLOT_SECONDS
        return hour / (min(3600.0, max(age, SLOT_SECONDS)) / 3600), "hour"
    return responses_since(study_id, now - timedelta(days=1)) / 24, "day"


def pace_bars(study_id: int, most: int = 48) -> tuple[int, list[tuple[datetime, int]]]:
    """Responses over the study's whole time in at most `most` equal bars: width in seconds, [(start, responses)].

    Widths are those that people count in (10 minutes to 4 weeks); more time than fits shows its end only.
    """
    rows = list(PaceSlot.objects.filter(study_id=study_id).order_by("slot").values_list("slot", "n_responses"))
    if not rows:
        return SLOT_SECONDS, []
    widths = [1, 3, 6, 18, 36, 72, 144, 432, 1008, 4032]  # in slots: 10 and 30 minutes, 1, 3, 6, 12 hours, days, weeks
    span = rows[-1][0] - rows[0][0] + 1
    width = next((width for width in widths if span / width <= most - 1), widths[-1])
    bars: dict[int, int] = {}
    for slot, n in rows:
        bars[slot // width] = bars.get(slot // width, 0) + n
    last = max(bars)
    first = max(min(bars), last - most + 1)
    starts = range(first, last + 1)
    return width * SLOT_SECONDS, [
        (datetime.fromtimestamp(bar * width * SLOT_SECONDS, UTC), bars.get(bar, 0)) for bar in starts
    ]


def as_dict(statistics: StudyStatistics) -> dict[str, Any]:
    """A study's figures ready for JSON, families of estimates gathered: the same for API and command."""
    return {
        "n_responses": statistics.n_responses,
        "n_stimuli": statistics.n_stimuli,
        "n_annotators": statistics.n_annotators,
        "n_simulated": statistics.n_simulated,
        "n_surplus": statistics.n_surplus,
        "n_withdrawn": statistics.n_withdrawn,
        "label_totals": statistics.label_totals,
        "polarity_totals": statistics.polarity_totals,
        **gathered(statistics.estimates),
        "as_of": statistics.as_of.isoformat(),
        "code_version": statistics.code_version,
        "seed": statistics.seed,
    }


def gathered(estimates: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """{'majority.strict_majority': e, ...} becomes {'majority': {'strict_majority': e}, ...}.

    A label's id may hold dots itself, so each name is cut only as often as the catalogue's names say.
    """
    families: dict[str, Any] = {}
    for name, estimate in estimates.items():
        parts = name.split(".", 2 if name.startswith(("majority_label.", "majority_per_response.")) else 1)
        place = families
        for part in parts[:-1]:
            place = place.setdefault(part, {})
        place[parts[-1]] = estimate
    return families
