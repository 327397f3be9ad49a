"""The table of all kinds of job: which function does it, in which queue, within which time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jobs.handle import JobHandle

Work = Callable[[JobHandle], dict[str, Any]]


@dataclass(frozen=True)
class JobKind:
    name: str
    queue: str
    time_limit_seconds: int
    work: Work


JOB_KINDS: dict[str, JobKind] = {}


def job(name: str, *, queue: str, time_limit_seconds: int) -> Callable[[Work], Work]:
    """Registers a function as a kind of job. It gets a JobHandle, returns a JSON result, and may run twice."""

    def register(work: Work) -> Work:
        if name in JOB_KINDS:
            raise ValueError(f"Two jobs are called {name!r}.")
        JOB_KINDS[name] = JobKind(name, queue, time_limit_seconds, work)
        return work

    return register
