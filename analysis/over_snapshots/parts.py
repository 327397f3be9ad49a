"""An analysis in parts, so that workers on several machines can share it: each part alone, then all joined.

Parts and their joining must not depend on who did which: the result is the same to the last bit, shared or not.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.over_snapshots.snapshot_analysis import Progress
from snapshots.reader import Snapshot

Options = dict[str, Any]


def always(snapshot: Snapshot, options: Options) -> bool:
    return True


@dataclass(frozen=True)
class Parts:
    """number(snapshot, options): how many there are, at least one. run(snapshot, options, part): one of them, as bytes.

    join(snapshot, options, parts, progress): the result, out of all parts in their order. is_worth_sharing(snapshot,
    options): whether this machine should ask for help at all; the result is the same.
    """

    number: Callable[[Snapshot, Options], int]
    run: Callable[[Snapshot, Options, int], bytes]
    join: Callable[[Snapshot, Options, Sequence[bytes], Progress], dict[str, Any]]
    is_worth_sharing: Callable[[Snapshot, Options], bool] = always

    def run_alone(self, snapshot: Snapshot, options: Options, progress: Progress) -> dict[str, Any]:
        """All parts one after the other, here."""
        n_parts = self.number(snapshot, options)
        done = []
        for part in range(n_parts):
            progress(part, n_parts + 1, f"part {part + 1} of {n_parts}")
            done.append(self.run(snapshot, options, part))
        return self.join(snapshot, options, done, progress)


def in_sections(
    names: Callable[[Options], Sequence[str]],
    run: Callable[[Snapshot, Options, str], Any],
    join: Callable[[Snapshot, Options, dict[str, Any]], dict[str, Any]],
) -> Parts:
    """Parts that have names: run gives what JSON can hold, and join receives it by name."""

    def run_part(snapshot: Snapshot, options: Options, part: int) -> bytes:
        return as_bytes(run(snapshot, options, names(options)[part]))

    def join_parts(snapshot: Snapshot, options: Options, parts: Sequence[bytes], progress: Progress) -> dict[str, Any]:
        progress(len(parts), len(parts) + 1, "putting the parts together")
        found = {name: json.loads(part) for name, part in zip(names(options), parts, strict=True)}
        return join(snapshot, options, found)

    return Parts(lambda snapshot, options: len(names(options)), run_part, join_parts)


def as_bytes(found: Any) -> bytes:
    """Numbers come out of JSON as they went in, to the last bit."""
    return json.dumps(found).encode()
