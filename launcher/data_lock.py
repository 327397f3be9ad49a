"""One data folder, one set of servers: the lock that keeps a second start out."""

import fcntl
import os
import time
from pathlib import Path


class AlreadyRunning(Exception):
    """Another process, or a server that one has left behind, holds the data folder."""


def take_lock(data: Path, patience_seconds: float) -> int:
    """Lock `data` and return the descriptor that holds the lock; it is released when the last holder ends.

    The database servers inherit it, so the folder stays locked while they live, even if their supervisor was killed.
    patience_seconds: how long to wait for servers that are still on their way out.
    Raises AlreadyRunning.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise AlreadyRunning from None
            time.sleep(0.1)
