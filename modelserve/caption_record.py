"""How a version's record keeps what its texts were measured at: columns of ways to speak, rows of metrics."""

from dataclasses import dataclass
from typing import Any

from modelserve.caption_directions import CAPTION_DIRECTIONS, FOUND
from modelserve.caption_judges import Column, mean_of
from modelserve.evaluation.resampling import Estimate

VARIANT, BASELINE, PEOPLE = "variant", "baseline", "people"
NEAREST = "nearest"


@dataclass(frozen=True, slots=True)
class CaptionTable:
    """columns: {name: Column} of variants and NEAREST, all over the same images; reference: the plainest variant."""

    columns: dict[str, Column]
    reference: str
    n_images: int
    n_test: int
    remarks: list[str]

    def as_json(self) -> dict[str, Any]:
        """As a version's record keeps it: rows of metrics, each with a cell {value, low, high, n} per column."""
        titles = [{"name": name, "title": column.title, "kind": _kind(name)} for name, column in self.columns.items()]
        rows = []
        for number, metric in enumerate(self.columns[self.reference].report):
            cells = {name: column.report[number].machine.as_json() for name, column in self.columns.items()}
            rows.append(
                {
                    "metric": metric.name,
                    "better": metric.better,
                    "note": metric.note,
                    "cells": cells | {PEOPLE: metric.people.as_json()},
                }
            )
        return {
            "n_images": self.n_images,
            "n_test": self.n_test,
            "reference": self.reference,
            "columns": [*titles, {"name": PEOPLE, "title": "People", "kind": PEOPLE}],
            "rows": rows,
            "differences": self._differences(),
            "remarks": self.remarks,
        }

    def of(self, variant: str, metric: str) -> Estimate:
        """One metric of one variant; without a value where it could not be measured."""
        report = self.columns[variant].report
        found = next((row.machine for row in report if row.name == metric), None)
        return found or Estimate(None, None, None, 0)

    def _differences(self) -> list[dict[str, Any]]:
        """Every other column less the plainest, image by image, with the interval of the difference."""
        base = self.columns[self.reference]
        return [
            {
                "of": name,
                "beside": self.reference,
                "metric": metric,
                "better": CAPTION_DIRECTIONS[metric],
                **mean_of(column.per_image[metric] - base.per_image[metric]).as_json(),
            }
            for name, column in self.columns.items()
            if name != self.reference
            for metric in base.per_image
        ]


def _kind(name: str) -> str:
    return BASELINE if name == NEAREST else VARIANT


FLAT = {
    "bleu_4": "BLEU-4",
    "rouge_l": "ROUGE-L",
    "cider": "CIDEr",
    "emotion_alignment": "Emo-Alignment",
    "unique_productions": "Unique-Productions",
    "found_by_listener": FOUND,
}
"""Rows of the table that a promotion may be decided by, by the name of the metric in a version's record."""


def flat_metrics(table: CaptionTable) -> dict[str, Any]:
    """The plainest variant's figures as metrics of the version; Emo-Alignment of the one that is told the emotion."""
    told = "grounded" if "grounded" in table.columns else table.reference
    return {
        name: table.of(told if name == "emotion_alignment" else table.reference, row).as_json()
        for name, row in FLAT.items()
    }
