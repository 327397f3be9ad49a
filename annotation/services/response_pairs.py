"""Who answered about what in a file of responses: its rows by person and item, in plain arrays.

Sorting half a million numbers here takes a tenth of the time that it takes the database.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """P pairs of worker and item, ascending by worker and item, out of R rows.

    worker, item: their numbers (P,). first, last: the rows of the file that say something about it, the numbers of the
    first and the last one (P,). n: how many there are (P,). numbers: of all rows, ascending (R,). of_row: which pair
    a row is of, in the order of `numbers` (R,).
    """

    worker: Integers
    item: Integers
    first: Integers
    last: Integers
    n: Integers
    numbers: NDArray[np.int32]
    of_row: NDArray[np.int32]

    @property
    def most_on_one_item(self) -> int:
        return int(np.bincount(self.item).max())

    def of(self, numbers: NDArray[np.int32]) -> NDArray[np.int32]:
        """Which pair each of these rows is of."""
        found: NDArray[np.int32] = self.of_row[np.searchsorted(self.numbers, numbers)]
        return found

    def are_among(self, worker: Integers, item: Integers) -> NDArray[np.bool_]:
        """(P,) which of the pairs are among the given ones."""
        width = int(max(self.item.max(initial=0), item.max(initial=0))) + 1
        return np.isin(self.worker * width + self.item, worker * width + item)


def pairs_of(numbers: NDArray[np.int32], worker: NDArray[np.int32], item: NDArray[np.int32]) -> Pairs:
    """numbers: of the rows, ascending; worker, item: what each is about. All (R,), at least one."""
    width = int(item.max()) + 1
    code = worker.astype(np.int64) * width + item
    order = np.argsort(code, kind="stable")
    code = code[order]
    begins = np.append(True, code[1:] != code[:-1])
    start = np.flatnonzero(begins)
    end = np.append(start[1:], len(code))
    of_row = np.empty(len(code), np.int32)
    of_row[order] = np.cumsum(begins) - 1
    return Pairs(
        worker=code[start] // width,
        item=code[start] % width,
        first=numbers[order[start]].astype(np.int64),
        last=numbers[order[end - 1]].astype(np.int64),
        n=end - start,
        numbers=numbers,
        of_row=of_row,
    )


def place_in_turn(worker: Integers, first: Integers) -> Integers:
    """(n,) from 0: its place among the pairs of its worker, in the order of the file."""
    order = np.lexsort((first, worker))
    begins = np.append(True, worker[order][1:] != worker[order][:-1]) if len(order) else np.zeros(0, bool)
    count = np.arange(len(order))
    place = np.empty(len(order), np.int64)
    place[order] = count - np.maximum.accumulate(np.where(begins, count, 0))
    return place
