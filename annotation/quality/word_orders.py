"""The orders of words that a study's texts are kept in: made from its own texts, a new one each time it has grown.

A text stays under the order that was the newest when it was written, for good, and a new text is looked up under all of
them (near_duplicates.py). An order is made when the study has FIRST texts, and GROWTH times as many each time after:
five orders serve four million texts. The first one knows no word, and puts them in an order of chance.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from django.db import connection
from django.db.models import F

from annotation.models import ExplanationOrder
from annotation.quality.near_duplicates import Order, usual_numbers

FIRST = 1_000
GROWTH = 16
SAMPLE = 20_000  # texts that are counted
LEAST_USES = 3  # of a word in the sample; words below stand before all others, like those that nobody has used yet

# by their digests, which are as good as drawn by lot
_SAMPLE = "select words from annotation_explanationtext where study_id = %s order by digest limit %s"


def orders_of(study_id: int) -> list[Order]:
    """All orders of the study, the newest last; made where the first one, or the next one, is due.

    The caller holds the lock of the signals.
    """
    rows = list(
        ExplanationOrder.objects.filter(study_id=study_id).order_by("number").values_list("pk", "number", "n_texts")
    )
    if not rows or rows[-1][2] >= FIRST * GROWTH ** rows[-1][1]:
        made = _make(study_id, number=rows[-1][1] + 1 if rows else 0)
        rows.append((made.pk, made.number, 0))
    return [order(pk) for pk, _, _ in rows]


def count_texts(order_id: int, n: int) -> None:
    """Notes that so many more texts are kept under the order."""
    ExplanationOrder.objects.filter(pk=order_id).update(n_texts=F("n_texts") + n)


@lru_cache(maxsize=64)
def order(pk: int) -> Order:
    """The order with this id; it never changes."""
    numbers = np.frombuffer(ExplanationOrder.objects.values_list("numbers", flat=True).get(pk=pk), dtype=">u8")
    return Order(pk, {number: rank for rank, number in enumerate(numbers.tolist())})


def _make(study_id: int, number: int) -> ExplanationOrder:
    numbers: Sequence[int] = ()
    if number:
        with connection.cursor() as cursor:
            cursor.execute(_SAMPLE, [study_id, SAMPLE])
            numbers = usual_numbers((words.split(" ") for (words,) in cursor.fetchall()), LEAST_USES)
    return ExplanationOrder.objects.create(
        study_id=study_id, number=number, numbers=np.array(numbers, dtype=">u8").tobytes()
    )
