"""`run.json` in the data folder: which processes run, where they listen. For `status`, for commands, for tests."""

import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from launcher.processes import birth_of

NAME = "run.json"


@dataclass
class RunRecord:
    """What is running from one data folder.

    address: where a browser finds the site; '' until the page answers.
    ready: True once the workers serve too.
    births: for each process its start in clock ticks since boot, so that a reused number is not taken for it.
    environment: what our own processes were given on top of the operator's environment; holds no secret but URLs.
    """

    supervisor: int
    address: str
    port: int
    database_url: str
    redis_url: str
    sockets: str
    ready: bool = False
    pids: dict[str, int] = field(default_factory=dict)
    births: dict[str, int] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, data: Path) -> None:
        """Replace the file in one step, readable by its owner only (URLs may hold passwords)."""
        self.births = {name: birth_of(pid) for name, pid in (self.pids | {"supervisor": self.supervisor}).items()}
        making = data / (NAME + ".making")
        descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file, indent=1)
        making.replace(data / NAME)

    def is_alive(self) -> bool:
        return bool(self.births.get("supervisor")) and birth_of(self.supervisor) == self.births["supervisor"]


def read_record(data: Path) -> RunRecord | None:
    """The record of the last start, or None; an unreadable one counts as none."""
    with suppress(OSError, ValueError, TypeError):
        return RunRecord(**json.loads((data / NAME).read_text()))
    return None


def remove_record(data: Path) -> None:
    (data / NAME).unlink(missing_ok=True)


def end_leftovers(record: RunRecord, grace_seconds: float = 5.0) -> None:
    """End what a killed supervisor left: the kernel has asked them to go; this is for those that did not.

    The database servers are not touched: they close their files by themselves, and the data folder stays locked
    until they have.
    """
    deadline = time.monotonic() + grace_seconds
    while left := _still_alive(record):
        if time.monotonic() > deadline:
            for pid in left:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
            deadline = time.monotonic() + grace_seconds
        time.sleep(0.1)


def _still_alive(record: RunRecord) -> list[int]:
    ours = {name: pid for name, pid in record.pids.items() if name not in {"postgres", "valkey"}}
    return [pid for name, pid in ours.items() if record.births.get(name) and birth_of(pid) == record.births[name]]
