"""A process to be kept running, described so that the supervisor needs no other knowledge of it."""

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


def _serves_at_once(pid: int) -> bool:
    return True


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Child:
    """One process and how to start, watch and stop it.

    log: receives standard output and error.
    prefix: words before the command that change who runs it (`unshare ...`).
    ready_words: what it writes into its log when it serves; '' = it need not say anything.
    is_ready: given the process id, True once it serves; may be asked at any moment.
    before_start: called before every start, the first and each restart.
    stop_signals: sent one after the other, each with its seconds of grace; SIGKILL to the whole group ends the list.
    stop_rank: children of a lower rank are gone before those of the next rank are asked to stop.
    orphan_signal: sent by the kernel if the supervisor itself is killed; without the leading SIG.
    keeps_lock: holds the data folder's lock open, so that nobody else opens the folder while this process lives.
    """

    name: str
    command: list[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: Path | None = None
    prefix: tuple[str, ...] = ()
    ready_words: str = ""
    is_ready: Callable[[int], bool] = _serves_at_once
    before_start: Callable[[], None] = _nothing
    stop_signals: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 10.0),)
    stop_rank: int = 0
    orphan_signal: str = "KILL"
    keeps_lock: bool = False
