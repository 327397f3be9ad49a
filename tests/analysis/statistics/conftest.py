"""Real crowd labels for the statistics: read from files that may not be redistributed."""

import csv
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from analysis.statistics import LabelCounts, count_labels

REPOSITORY = Path(__file__).resolve().parents[3]
CROWD_LABELS = Path(os.environ.get("COMMONGROUND_TEST_DATA") or REPOSITORY.parent / "shared" / "data") / "crowd-labels"


@dataclass(frozen=True)
class CrowdLabels:
    """One data set: counts (n_stimuli, n_labels), the names of both axes, and what others computed from it."""

    counts: LabelCounts
    items: list[str]
    labels: list[str]
    reference: dict[str, Any]


def data_sets() -> list[str]:
    """Names of the data sets that come with agreement values; empty where the folder is absent."""
    references = sorted(CROWD_LABELS.glob("*/reference.json"))
    return [path.parent.name for path in references if "agreement" in json.loads(path.read_text())]


@pytest.fixture(scope="session", params=data_sets() or ["no data"])
def crowd_labels(request: pytest.FixtureRequest) -> CrowdLabels:
    """Each data set in turn."""
    return _read_or_skip(request.param)


@pytest.fixture(scope="session")
def face_sentiment() -> CrowdLabels:
    return _read_or_skip("face_sentiment")


def _read_or_skip(name: str) -> CrowdLabels:
    if not CROWD_LABELS.is_dir():
        pytest.skip(f"the crowd labels are not at {CROWD_LABELS}; COMMONGROUND_TEST_DATA may name their parent folder")
    return read_crowd_labels(name)


def read_crowd_labels(name: str) -> CrowdLabels:
    folder = CROWD_LABELS / name
    reference = json.loads((folder / "reference.json").read_text())
    with (folder / "labels.csv").open(newline="") as rows:
        # one response per worker and item: the last row counts
        responses = {(row["worker"], row["item"]): row["label"] for row in csv.DictReader(rows)}
    items = sorted({item for _, item in responses})
    labels = sorted(set(responses.values()))
    item_index = {item: index for index, item in enumerate(items)}
    label_index = {label: index for index, label in enumerate(labels)}
    counts = count_labels(
        [item_index[item] for _, item in responses],
        [label_index[label] for label in responses.values()],
        len(items),
        len(labels),
    )
    return CrowdLabels(counts, items, labels, reference)
