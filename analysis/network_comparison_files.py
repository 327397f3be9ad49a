"""Trainings side by side as files: metrics with their differences, and curves."""

from typing import Any

from analysis.network_comparison import ComparePage

ESTIMATE = ("value", "low", "high", "n")
METRIC_COLUMNS = [
    "metric", "run", "version", *ESTIMATE, "difference", "difference_low", "difference_high", "same_stimuli",
]  # fmt: skip
CURVE_COLUMNS = ["run", "version", "epoch", "train_loss", "validation_loss", "learning_rate"]


def metric_lines(page: ComparePage) -> list[list[Any]]:
    """The metrics, the numbers as they were stored. Differences are to the first version, on the same stimuli."""
    versions = [(one.run.pk, one.network) for one in page.runs if one.network is not None]
    if page.comparison is None:
        return [
            [name, run, network.version, *(value[key] for key in ESTIMATE), "", "", "", False]
            for run, network in versions
            for name, value in network.metrics.items()
            if isinstance(value, dict) and tuple(value) == ESTIMATE
        ]
    of_network = {str(network.pk): (run, network.version) for run, network in versions}
    lines = []
    for row in page.comparison.result["metrics"]:
        for number, value in row["values"].items():
            difference = row["differences"].get(number) or {}
            apart = [difference.get(key, "") for key in ESTIMATE[:3]]
            lines.append([row["metric"], *of_network[number], *(value[key] for key in ESTIMATE), *apart, True])
    return lines


def curve_lines(page: ComparePage) -> list[list[Any]]:
    """A line per run and epoch."""
    return [
        [one.run.pk, one.network.version if one.network else "", *(row[key] for key in CURVE_COLUMNS[2:])]
        for one in page.runs
        for row in one.run.curve
    ]
