"""What a rehearsal tells: duration, cost, hourly pay, how well the distributions would be known, what rules would do.

Numbers in, plain JSON out; annotation.services.rehearse_study lets the crowd work.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from statistics import mean
from typing import Any

from analysis.statistics.wilson import wilson_interval
from annotation.services.rehearse_study import FINISHED, LEFT_EARLY, NOT_DONE, NOTHING_LEFT, Rehearsed, Worker
from annotation.simulator.rehearsal import PER_PERSON, RehearsalOptions

PACE_POINTS = 48
MOST_PROJECTED = 60
PAY_BINS = 12
QUANTILES = {"p10": 0.1, "median": 0.5, "p90": 0.9}


def rehearsal_report(rehearsed: Rehearsed, options: RehearsalOptions) -> dict[str, Any]:
    """The whole report. Sums (responses, cost, people) are those of the whole study, scaled up from the part that was
    simulated; times, pay per hour and widths are those of the simulated people and images.
    """
    working = [worker for worker in rehearsed.workers if worker.n_answers]
    return {
        "options": options.as_json(),
        "simulated": {
            "n_stimuli": rehearsed.n_stimuli,
            "n_stimuli_of_study": rehearsed.n_stimuli_of_study,
            "n_people": rehearsed.n_people,
            "n_responses": len(rehearsed.moments),
            "part": rehearsed.part,
        },
        "responses": _responses(rehearsed),
        "duration": _duration(rehearsed),
        "people": _people(rehearsed, working),
        "cost": _cost(rehearsed, options, working),
        "hourly": _hourly(options, working),
        "widths": widths(rehearsed),
        "rules": [{"name": rule.name, "is_on": rule.is_on, **rule.found} for rule in rehearsed.rules],
    }


def _responses(rehearsed: Rehearsed) -> dict[str, Any]:
    wanted = rehearsed.n_stimuli_of_study * rehearsed.wanted
    if rehearsed.most_of_study is not None:
        wanted = min(wanted, rehearsed.most_of_study)
    n_accepted = round(len(rehearsed.moments) / rehearsed.part)
    per_person = [worker.n_answers for worker in rehearsed.workers]
    missing = max(0, rehearsed.asked - len(rehearsed.moments))
    # as many more as would be needed at what those gave who came
    more = round(missing / max(mean(per_person), 1e-9) / rehearsed.part) if missing and any(per_person) else 0
    return {
        "wanted": wanted,
        "accepted": n_accepted,
        "is_complete": not missing,
        "share": len(rehearsed.moments) / rehearsed.asked,
        "more_people_needed": more,
        "surplus": round(rehearsed.n_surplus / rehearsed.part),
        "skipped": round(sum(worker.n_skips for worker in rehearsed.workers) / rehearsed.part),
        "revised": round(rehearsed.n_revised / rehearsed.part),
        "leases_that_ran_out": round(rehearsed.n_expired / rehearsed.part),
    }


def _duration(rehearsed: Rehearsed) -> dict[str, Any]:
    """Hours from the opening; None where that share of the responses was never reached."""
    moments, total = rehearsed.moments, rehearsed.asked

    def until(share: float) -> float | None:
        place = -(-total * share // 1)
        return moments[int(place) - 1] / 3600 if place and len(moments) >= place else None

    last = moments[-1] if moments else 0.0
    step = max(last / PACE_POINTS, 1.0)
    pace = [0] * PACE_POINTS
    for moment in moments:
        pace[min(PACE_POINTS - 1, int(moment / step))] += 1
    return {
        "hours_to_half": until(0.5),
        "hours_to_90_percent": until(0.9),
        "hours_to_all": until(1.0),
        "hours_to_last": last / 3600,
        "days_to_last": last / 86_400,
        "pace": [
            {"until_hours": (number + 1) * step / 3600, "responses": round(n / rehearsed.part)}
            for number, n in enumerate(pace)
        ],
    }


def _people(rehearsed: Rehearsed, working: Sequence[Worker]) -> dict[str, Any]:
    ends = Counter(worker.ended for worker in rehearsed.workers)

    def scaled(n: int) -> int:
        return round(n / rehearsed.part)

    return {
        "agreed": scaled(rehearsed.n_people),
        "worked": scaled(len(working)),
        "did_their_part": scaled(ends[FINISHED]),
        "left_early": scaled(ends[LEFT_EARLY]),
        "found_nothing_left": scaled(ends[NOTHING_LEFT]),
        "not_done": scaled(ends[NOT_DONE]),
        "answers": quantiles([worker.n_answers for worker in working]),
        "minutes_at_work": quantiles([worker.worked_seconds / 60 for worker in working]),
        "hours_from_first_to_last": quantiles([(worker.last_act - worker.arrived) / 3600 for worker in working]),
        "sittings": quantiles([worker.n_sittings for worker in working]),
    }


def _pay_of(worker: Worker, options: RehearsalOptions) -> float:
    if options.paid_per == PER_PERSON:
        return options.reward if worker.ended in (FINISHED, NOTHING_LEFT) else 0.0
    return options.reward * worker.n_answers


def _cost(rehearsed: Rehearsed, options: RehearsalOptions, working: Sequence[Worker]) -> dict[str, Any]:
    rewards = sum(_pay_of(worker, options) for worker in working) / rehearsed.part
    total = rewards * (1 + options.fee_percent / 100)
    n = len(rehearsed.moments) / rehearsed.part
    return {
        "rewards": rewards,
        "fee": total - rewards,
        "total": total,
        "per_response": total / n if n else None,
        "per_image": total / rehearsed.n_stimuli_of_study,
    }


def _hourly(options: RehearsalOptions, working: Sequence[Worker]) -> dict[str, Any]:
    """Pay divided by the time at work, one number per person who gave an answer."""
    pay = [_pay_of(worker, options) / (worker.worked_seconds / 3600) for worker in working if worker.worked_seconds]
    below = sum(one < options.hourly_floor for one in pay)
    # the highest tenth would squeeze all others into one column
    top = sorted(pay)[int(0.95 * (len(pay) - 1))] if pay else 0.0
    step = max(top / (PAY_BINS - 1), 0.01)
    bins = [0] * PAY_BINS
    for one in pay:
        bins[min(PAY_BINS - 1, int(one / step))] += 1
    return {
        **quantiles(pay),
        "n_people": len(pay),
        "n_below_floor": below,
        "share_below_floor": below / len(pay) if pay else None,
        "bins": [
            {"from": number * step, "to": (number + 1) * step if number < PAY_BINS - 1 else None, "people": n}
            for number, n in enumerate(bins)
        ],
    }


def widths(rehearsed: Rehearsed) -> list[dict[str, Any]]:
    """By number of responses n: how wide the 95 % interval (Wilson) of a label's share is on one image, 0 to 1.

    Up to `wanted`, from the first n responses of every image that has as many: of the image's leading label (mean,
    10th and 90th percentile over images), and of a label on average. Beyond, up to twice as many, projected: the shares
    of each image stay as they were found. Empty where the study asks for no label.
    """
    images = [labels for labels in rehearsed.labels if labels]
    rows = []
    if not images or not rehearsed.label_ids:
        return []
    for n in range(1, min(2 * rehearsed.wanted, max(MOST_PROJECTED, rehearsed.wanted)) + 1):
        is_projected = n > rehearsed.wanted
        counted = images if is_projected else [labels[:n] for labels in images if len(labels) >= n]
        if not counted:
            break
        leading, of_all = [], []
        for labels in counted:
            counts = sorted((Counter(labels)[label] for label in rehearsed.label_ids), reverse=True)
            if is_projected:
                counts = [round(count * n / len(labels)) for count in counts]
            all_widths = [_width(min(count, n), n) for count in counts]
            leading.append(all_widths[0])
            of_all.append(mean(all_widths))
        rows.append(
            {
                "n": n,
                "is_projected": is_projected,
                "n_images": len(counted),
                "leading_mean": mean(leading),
                "leading_p10": _quantile(sorted(leading), 0.1),
                "leading_p90": _quantile(sorted(leading), 0.9),
                "label_mean": mean(of_all),
            }
        )
    return rows


@cache
def _width(count: int, n: int) -> float:
    interval = wilson_interval(count, n)
    return interval[1] - interval[0] if interval else 1.0


def quantiles(numbers: Sequence[float]) -> dict[str, float | None]:
    """mean, p10, median and p90; all None without numbers."""
    if not numbers:
        return {"mean": None, **dict.fromkeys(QUANTILES)}
    ordered = sorted(numbers)
    return {"mean": mean(ordered), **{name: _quantile(ordered, share) for name, share in QUANTILES.items()}}


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Linear between the neighbouring numbers."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))


def report_rows(report: dict[str, Any]) -> list[list[Any]]:
    """The report as a long table: section, name, at (a number of responses, an hour, ...), value."""
    rows: list[list[Any]] = []
    for section in ("options", "simulated", "responses", "duration", "people", "cost", "hourly"):
        for name, value in report[section].items():
            if isinstance(value, dict):
                rows += [[section, f"{name}.{one}", "", number] for one, number in value.items()]
            elif not isinstance(value, list):
                rows.append([section, name, "", value])
    rows += [["pace", "responses", row["until_hours"], row["responses"]] for row in report["duration"]["pace"]]
    rows += [["hourly", "people_from", row["from"], row["people"]] for row in report["hourly"]["bins"]]
    for row in report["widths"]:
        kind = "projected" if row["is_projected"] else "simulated"
        rows += [
            ["interval_width", f"{name} ({kind})", row["n"], row[name]]
            for name in ("leading_mean", "leading_p10", "leading_p90", "label_mean")
        ]
    for rule in report["rules"]:
        rows += [["rules", rule["name"], name, value] for name, value in rule.items() if isinstance(value, int | float)]
    return rows
