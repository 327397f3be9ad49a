"""Bring the checked rows of an import to the database: with their ids where person and item come once, which is nearly
always, else with all that the database needs to tell versions apart.
"""

from typing import Any

import numpy as np
import pyarrow as pa

from annotation.errors import InvalidInput
from annotation.models import Study
from annotation.services import import_statements as statements
from annotation.services.copy_in import copy_batch, sequence_of
from annotation.services.copy_out import copy_out
from annotation.services.read_table import Table
from annotation.services.response_pairs import Integers, Pairs, place_in_turn
from annotation.services.rows_aside import RowsAside

_IDS = ("stimulus_id", "participation_id", "sequence", "assignment_id", "response_id")


def bring_rows(cursor: Any, study: Study, aside: RowsAside, pairs: Pairs, table: Table) -> None:
    """All rows to the database: with their ids where person and item come once, else with all that needs a look."""
    values = {"study": study.pk}
    cursor.execute("select exists (select from import_worker where not is_new)")
    some_took_part = cursor.fetchone()[0]
    if some_took_part:
        cursor.execute(statements.LOCK_PEOPLE, values)
    cursor.execute(statements.PERSONS, values)
    cursor.execute("analyze import_person")
    stimulus = _numbers("select item, stimulus_id from import_item order by item")[:, 1]
    people = _numbers("select worker, participation_id, next_sequence, is_new::int from import_person order by worker")
    for statement in (statements.READY, statements.ROWS, statements.KEYS, statements.NEW):
        cursor.execute(statement)
    took_part = people[pairs.worker, 3] == 0
    keys = {"worker": pairs.worker, "item": pairs.item, "first": pairs.first, "last": pairs.last, "n": pairs.n}
    _copy(cursor, "import_key", keys, took_part | (pairs.n > 1))
    cursor.execute("analyze import_key")
    cursor.execute(statements.WITHDRAWN_PERSON)
    if row := cursor.fetchone()[0]:
        raise InvalidInput(
            f"Row {row}: this person withdrew from the study, so nothing more of theirs comes in. Take their rows out. "
            f"Nothing of {table.name} was imported."
        )
    cursor.execute(statements.KNOWN)
    cursor.execute("analyze import_known")
    known = _numbers("select worker, item from import_known") if some_took_part else np.zeros((0, 2), np.int64)
    is_new = ~pairs.are_among(known[:, 0], known[:, 1])
    new = {
        **keys,
        "stimulus_id": stimulus[pairs.item],
        "participation_id": people[pairs.worker, 1],
        "sequence": np.zeros(len(pairs.n), np.int64),
        "assignment_id": np.zeros(len(pairs.n), np.int64),
        "response_id": np.zeros(len(pairs.n), np.int64),
    }
    new["sequence"][is_new] = people[pairs.worker[is_new], 2] + place_in_turn(pairs.worker[is_new], pairs.first[is_new])
    # ids rise with the stimuli, as the rows will come
    order = np.flatnonzero(is_new)[np.lexsort((pairs.first[is_new], new["stimulus_id"][is_new]))]
    for part in ("assignment", "response"):
        new[f"{part}_id"][order] = _next_ids(cursor, f"annotation_{part}", len(order))
    is_ready = is_new & (pairs.n == 1)
    _copy(cursor, "import_new", {name: new[name] for name in new if name != "n"}, is_new & ~is_ready)
    cursor.execute("analyze import_new")
    place = np.empty(len(stimulus), np.int64)
    place[np.argsort(stimulus)] = np.arange(len(stimulus))
    for batch in aside.in_order(place):
        _copy_rows_with_ids(cursor, batch, pairs, is_ready, new)
    cursor.execute("analyze import_ready (number, participation_id)")
    cursor.execute(statements.VERSIONS)
    cursor.execute("analyze import_version")


def _copy_rows_with_ids(
    cursor: Any, batch: pa.RecordBatch, pairs: Pairs, is_ready: np.ndarray, new: dict[str, Integers]
) -> None:
    pair = pairs.of(batch.column("number").to_numpy())
    ready = is_ready[pair]
    if not ready.all():
        copy_batch(cursor, "import_row", batch.filter(pa.array(~ready)))
        batch, pair = batch.filter(pa.array(ready)), pair[ready]
    columns = {"number": batch.column("number")} | {name: pa.array(new[name][pair]) for name in _IDS}
    columns |= {name: batch.column(name) for name in ("label", "words")}
    copy_batch(cursor, "import_ready", pa.RecordBatch.from_pydict(columns))


def _copy(cursor: Any, table: str, columns: dict[str, Integers], chosen: np.ndarray) -> None:
    if chosen.any():
        arrays = {name: pa.array(column[chosen]) for name, column in columns.items()}
        copy_batch(cursor, table, pa.RecordBatch.from_pydict(arrays))


def _numbers(query: str) -> Integers:
    """(rows, columns) of a query of whole numbers."""
    names = [f"c{number}" for number in range(query.split(" from ")[0].count(",") + 1)]
    found = [
        np.stack([batch.column(name).to_numpy() for name in names], axis=1)
        for batch in copy_out(query, {}, dict.fromkeys(names, pa.int64()))
    ]
    return np.concatenate(found) if found else np.zeros((0, len(names)), np.int64)


def _next_ids(cursor: Any, table: str, n: int) -> Integers:
    query = "select nextval(%(sequence)s::regclass) from generate_series(1, %(n)s)"
    values = {"sequence": sequence_of(cursor, table), "n": n}
    found = [batch.column("id").to_numpy() for batch in copy_out(query, values, {"id": pa.int64()})]
    return np.concatenate(found) if found else np.zeros(0, np.int64)
