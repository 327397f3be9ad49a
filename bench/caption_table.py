"""The columns of Affection's table 2 printed in the paper's layout, its directions checked by paired differences."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from modelserve.caption_judges import Column, mean_of

COLUMN = 19  # characters
IN_NATS_OR_TOKENS = ("XENT", "okens", "CIDEr")
"""Parts of names of figures that are no shares; all others are printed times 100, as the paper does."""


def directions(columns: dict[str, Column]) -> list[dict[str, Any]]:
    """The paper's directions by the paired difference over images; printed, and returned as JSON."""
    wanted = [(one, other, "Emo-Alignment", 1) for one, other in (("grounded", "default"), _BOTH_PRAGMATIC)]
    for one, other in (("pragmatic", "default"), ("grounded_pragmatic", "grounded")):
        names = (("Listener score", 1), ("Found of 11", 1), ("Unique-Productions", 1), ("Max-LCS", -1))
        wanted += [(one, other, name, sign) for name, sign in names]
    found = []
    print("\nDirections: the paired difference over images, times 100, with its 95 % interval")
    for one, other, name, sign in wanted:
        difference = mean_of(columns[one].per_image[name] - columns[other].per_image[name])
        low, high = difference.low or 0.0, difference.high or 0.0
        holds = low > 0 if sign > 0 else high < 0
        found.append({"of": one, "beside": other, "metric": name, "wanted": sign, "holds": holds, **asdict(difference)})
        print(
            f"  {name:<19}{one:<19} - {other:<10}{100 * (difference.value or 0):+7.2f}  "
            f"({100 * low:+.2f} to {100 * high:+.2f})  {'above' if sign > 0 else 'below'} 0: "
            f"{'holds' if holds else 'NOT SHOWN'}"
        )
    return found


_BOTH_PRAGMATIC = ("grounded_pragmatic", "pragmatic")


def print_table(columns: Sequence[Column]) -> None:
    """The paper's layout with a metric per line; below each value its interval. The last column is people."""
    titles = [*(column.title for column in columns), "People"]
    print("\n" + " " * 22 + "".join(f"{title[: COLUMN - 1]:>{COLUMN}}" for title in titles))
    for number, metric in enumerate(columns[0].report):
        found = [*(column.report[number].machine for column in columns), metric.people]
        if all(one.value is None for one in found):
            print(f"{metric.name:<22}{metric.note.splitlines()[0] if metric.note else ''}")
            continue
        scale = 1 if any(part in metric.name for part in IN_NATS_OR_TOKENS) else 100
        digits = 2 if scale == 1 else 1
        cells = ["–" if one.value is None else f"{scale * one.value:.{digits}f}" for one in found]
        ranges = [
            "" if one.low is None or one.high is None
            else f"{scale * one.low:.{digits}f} to {scale * one.high:.{digits}f}"
            for one in found
        ]  # fmt: skip
        print(f"{metric.name:<22}" + "".join(f"{cell:>{COLUMN}}" for cell in cells))
        print(" " * 22 + "".join(f"{text:>{COLUMN}}" for text in ranges))
