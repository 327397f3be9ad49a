"""Reads what may be shown: the figures and the columns for lists once per process, words when an image is looked at."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from analysis.public.make import ROW_GROUP, STIMULI_FILE, STUDY_FILE

SORTS = ("agreement_high", "agreement_low", "entropy_high", "responses")


@dataclass(frozen=True)
class Shown:
    """One public explorer's data. Every array has one entry (or row) per shown stimulus, in the order of the keys."""

    folder: Path
    study: dict[str, Any]
    row_of: dict[str, int]
    images: frozenset[str]
    counts: np.ndarray  # (S, K)
    agreement: np.ndarray  # (S,), nan below two responses
    entropy_nats: np.ndarray  # (S,)

    def ordered(self, *, label: str = "", sort: str = "") -> np.ndarray:
        """Rows of the stimuli on which this label is (one of) the most frequent, in an order of SORTS; ties by key.

        label: "" = all. An unknown sort is the first one.
        """
        n = self.counts.sum(axis=1)
        measure = {
            "agreement_low": np.nan_to_num(self.agreement, nan=2.0),
            "entropy_high": -self.entropy_nats,
            "responses": -n.astype(np.float64),
        }.get(sort, -np.nan_to_num(self.agreement, nan=-1.0))
        rows = np.lexsort((np.arange(len(n)), -n, measure))
        ids = [each["id"] for each in self.study["labels"]]
        if label in ids:
            column = self.counts[:, ids.index(label)]
            is_top = (column > 0) & (column == self.counts.max(axis=1, initial=0))
            rows = rows[is_top[rows]]
        return np.asarray(rows)

    def stimuli(self, rows: "np.ndarray | list[int]", *, with_words: bool = False) -> list[dict[str, Any]]:
        """These rows as dicts, in this order; `explanations` only where asked for."""
        wanted = [int(row) for row in rows]
        columns = None if with_words else [name for name in _COLUMNS if name != "explanations"]
        found: dict[int, dict[str, Any]] = {}
        with pq.ParquetFile(self.folder / STIMULI_FILE, pre_buffer=False) as file:
            for group in sorted({row // ROW_GROUP for row in wanted}):
                table = file.read_row_group(group, columns=columns)
                for row in wanted:
                    if row // ROW_GROUP == group:
                        found[row] = table.slice(row % ROW_GROUP, 1).to_pylist()[0]
        return [found[row] for row in wanted]


_COLUMNS = (
    "key", "name", "description", "source", "image_sha256", "width", "height", "counts", "n_simulated", "agreement",
    "entropy_nats", "explanations",
)  # fmt: skip


@lru_cache(maxsize=16)
def read_shown(folder: Path) -> Shown:
    """What lies in a folder of `make_public`; it never changes under one name."""
    study = json.loads((folder / STUDY_FILE).read_text(encoding="utf-8"))
    columns = ["key", "image_sha256", "counts", "agreement", "entropy_nats"]
    table = pq.read_table(folder / STIMULI_FILE, columns=columns)
    n_labels = len(study["labels"])
    flat = table["counts"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return Shown(
        folder=folder,
        study=study,
        row_of={key: row for row, key in enumerate(table["key"].to_pylist())},
        images=frozenset(sha256 for sha256 in table["image_sha256"].to_pylist() if sha256),
        counts=np.asarray(flat, np.int64).reshape(table.num_rows, n_labels),
        agreement=np.array(table["agreement"].to_pylist(), np.float64),
        entropy_nats=np.array(table["entropy_nats"].to_pylist(), np.float64),
    )
