"""What a replay keeps while it runs: which answers the server acknowledged, and how long each request took."""

import hashlib
import threading
from array import array
from collections import defaultdict
from pathlib import Path


class Log:
    """Client's own record of what the server acknowledged, a line each: saved, revised or withdrawn, and the key."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1 << 16)
        self._lock = threading.Lock()

    def add(self, *words: str) -> None:
        with self._lock:
            self._file.write(" ".join(words) + "\n")

    def flush(self) -> None:
        with self._lock:
            self._file.flush()

    def close(self) -> None:
        self._file.close()


def fingerprint(answers: dict[str, str]) -> str:
    """Of an answer's content; bench.affection_audit has the same in SQL."""
    return hashlib.md5(f"{answers['emotion']}\n{answers['explanation']}".encode()).hexdigest()


class Times:
    """Milliseconds of acknowledged requests by kind, and by tenth of the run for the answers. A number is 4 bytes."""

    def __init__(self) -> None:
        self.by_kind: dict[str, array[float]] = defaultdict(lambda: array("f"))
        self.answers_by_tenth = [array("f") for _ in range(10)]

    @staticmethod
    def percentiles(numbers: "array[float]") -> dict[str, float]:
        ordered = sorted(numbers)
        if not ordered:
            return {}
        found = {f"p{p}": ordered[min(len(ordered) - 1, len(ordered) * p // 100)] for p in (50, 95, 99)}
        return {"n": len(ordered), **{name: round(ms, 2) for name, ms in found.items()}}
