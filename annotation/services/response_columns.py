"""Check the rows of a file of responses by the column: the same rules as response_rows.py, many rows at a time.

Only accepts. Whatever does not pass as a whole is `NotByColumn`, and goes row by row, where every sentence is written.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.errors import InvalidInput
from annotation.services.read_table import NotByColumn, trimmed
from annotation.services.response_rows import LONGEST, ResponseRows, Rules
from annotation.services.table_columns import PARTS

_GUARDED = r"\A'('*[=+\-@])"


def checked_batches(rows: ResponseRows) -> Iterator[pa.RecordBatch]:
    """(number, worker, item, label, words) of all rows that are to be imported; numbers its workers and items.

    Raises NotByColumn as soon as something needs a closer look; what was given until then is void.
    """
    columns = rows.columns
    wanted = {part: name for part in PARTS if (name := getattr(columns, part))}
    label_ids: dict[str, str] = {}
    for first, batch in rows.table.batches(sorted(set(wanted.values()))):
        numbers = pa.array(np.arange(first, first + batch.num_rows, dtype=np.int32))
        if columns.status:
            kept = pc.not_equal(batch.column(columns.status), "surplus")
            numbers, batch = numbers.filter(kept), batch.filter(kept)
            rows.n_surplus += len(kept) - len(numbers)
        cells = {part: _cells(batch.column(name), rows.is_guarded) for part, name in wanted.items()}
        worker_codes = cells["worker"].dictionary_encode()
        _check_names("worker", worker_codes.dictionary)
        workers = [rows.worker_number(worker) for worker in worker_codes.dictionary.to_pylist()]
        if "simulated" in cells:
            marked = pc.equal(pc.utf8_lower(cells["simulated"]), "true")
            rows.simulated.update(cells["worker"].filter(marked).unique().to_pylist())
        label_codes = cells["label"].dictionary_encode()
        try:
            for label in label_codes.dictionary.to_pylist():
                if label not in label_ids:
                    label_ids[label] = rows.rules.label_id(label)
        except InvalidInput as refusal:
            raise NotByColumn from refusal
        labels = pa.array([label_ids[label] for label in label_codes.dictionary.to_pylist()], pa.string())
        yield pa.RecordBatch.from_arrays(
            [
                numbers,
                pa.array(np.array(workers, np.int32)[worker_codes.indices.to_numpy()]),
                _item_numbers(rows, cells),
                labels.take(label_codes.indices),
                _words(rows.rules, cells.get("text"), batch.num_rows),
            ],
            names=["number", "worker", "item", "label", "words"],
        )


def _cells(column: pa.StringArray, is_guarded: bool) -> pa.StringArray:
    cells = trimmed(column)
    if is_guarded and pc.any(pc.starts_with(cells, "'")).as_py():
        cells = pc.replace_substring_regex(cells, pattern=_GUARDED, replacement=r"\1", max_replacements=1)
    return cells


def _check_names(part: str, names: pa.StringArray) -> None:
    lengths = pc.min_max(pc.utf8_length(names)).as_py()
    if len(names) and (lengths["max"] > LONGEST[part] or (lengths["min"] == 0 and part != "source")):
        raise NotByColumn
    _check_no_nul(names)


def _check_no_nul(texts: pa.StringArray) -> None:
    if pc.any(pc.match_substring(texts, "\0")).as_py():
        raise NotByColumn


def _item_numbers(rows: ResponseRows, cells: dict[str, pa.StringArray]) -> pa.Array:
    names = cells["item"].dictionary_encode()
    _check_names("item", names.dictionary)
    name_of, codes = names.dictionary.to_pylist(), names.indices.to_numpy().astype(np.int64)
    source_of = [""]
    if "source" in cells:
        sources = cells["source"].dictionary_encode()
        _check_names("source", sources.dictionary)
        source_of = sources.dictionary.to_pylist()
        codes = codes * len(source_of) + sources.indices.to_numpy()
    pairs, place = np.unique(codes, return_inverse=True)
    numbers = [rows.item_number(source_of[pair % len(source_of)], name_of[pair // len(source_of)]) for pair in pairs]
    return pa.array(np.array(numbers, np.int32)[place])


def _words(rules: Rules, texts: pa.StringArray | None, n_rows: int) -> pa.Array:
    """The words as annotation/steps/text/kind.py keeps them; null where a step may be left out and is."""
    if not rules.text_step:
        return pa.nulls(n_rows, pa.string())
    if texts is None:
        texts = pa.array([""] * n_rows, pa.string())
    options: dict[str, Any] = rules.text_options
    if pc.any(pc.match_substring(texts, "\r\n")).as_py():
        texts = pc.replace_substring(texts, "\r\n", "\n")
    _check_no_nul(texts)
    lengths = pc.utf8_length(texts)
    is_empty = pc.equal(lengths, 0)
    if pc.any(is_empty).as_py():
        if not options["optional"]:
            raise NotByColumn
        texts = pc.if_else(is_empty, pa.scalar(None, pa.string()), texts)
        lengths = lengths.filter(pc.invert(is_empty))
    found = pc.min_max(lengths).as_py()
    if len(lengths) and not options["min_characters"] <= found["min"] <= found["max"] <= options["max_characters"]:
        raise NotByColumn
    return texts
