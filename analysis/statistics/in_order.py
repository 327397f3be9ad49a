"""Work on pieces of a table on all processors at once, with the results in their order.

NumPy lets other threads run while it counts, so threads are enough, and no table is copied.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

#: More wait for one another's memory, and other work wants to run, too.
MOST_THREADS = 4

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_order(work: Callable[[_Item], _Result], items: Sequence[_Item]) -> Iterator[_Result]:
    """work of each item, in the order of the items; what is done ahead is bounded, and so is the memory.

    The results do not depend on how many processors there are.
    """
    n_threads = min(len(os.sched_getaffinity(0)), MOST_THREADS, len(items))
    if n_threads < 2:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        ahead: deque[Future[_Result]] = deque()
        try:
            for item in items:
                ahead.append(pool.submit(work, item))
                if len(ahead) > n_threads:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for waiting in ahead:
                waiting.cancel()
