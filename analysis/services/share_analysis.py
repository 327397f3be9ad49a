"""Shares an analysis in parts between the workers that are free, on this machine and on others.

Whoever runs the job works through the parts from the first on and asks for helpers; these begin elsewhere in the list.
A part is a file in the storage, so what one has done the others find. Nobody waits for a helper that never comes: the
job's own worker does what nobody else did. A part done twice is the same twice.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from analysis.over_snapshots import analysis_named
from analysis.over_snapshots.parts import Parts
from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis
from jobs.models import Job
from jobs.services import start_job
from snapshots.reader import Snapshot
from snapshots.version import code_version

JOB_KIND = "analysis_parts"
#: Helpers that are asked for; as many come as workers are free.
MOST_HELPERS = 7


def run_shared(
    snapshot: Snapshot,
    analysis: SnapshotAnalysis,
    options: dict[str, Any],
    progress: Progress,
    *,
    study_key: str,
    job_id: int,
) -> dict[str, Any]:
    """The analysis's result, shared with whoever is free. Where there is one part, or little to do, nobody is asked.

    progress raises JobCancelled where the job was cancelled; the helpers then end with their next part.
    """
    parts = _parts_of(analysis)
    n_parts = parts.number(snapshot, options)
    if n_parts < 2 or not parts.is_worth_sharing(snapshot, options):
        return analysis.run(snapshot, options, progress)
    folder = _folder(snapshot.id, analysis.name, options, job_id)
    n_helpers = min(n_parts - 1, MOST_HELPERS)
    for helper in range(n_helpers):
        arguments = {
            "of_job": job_id,
            "snapshot_id": snapshot.id,
            "name": analysis.name,
            "options": options,
            "begin": (helper + 1) * n_parts // (n_helpers + 1),
        }
        start_job(JOB_KIND, study_key=study_key, arguments=arguments)
    try:
        _work(
            snapshot,
            parts,
            options,
            folder,
            range(n_parts),
            lambda done: progress(done, n_parts + 1, f"part {done + 1} of {n_parts}"),
        )
        return parts.join(snapshot, options, [_read(folder, part) for part in range(n_parts)], progress)
    finally:
        _delete(folder)


def help_with(
    snapshot: Snapshot, *, name: str, options: dict[str, Any], of_job: int, begin: int, progress: Progress
) -> int:
    """Does parts of another job's analysis until all are done or that job has ended. Returns how many it did."""
    analysis = analysis_named(name)
    parts = _parts_of(analysis)
    n_parts = parts.number(snapshot, options)
    order = [*range(begin, n_parts), *range(begin)]
    folder = _folder(snapshot.id, name, options, of_job)
    return _work(
        snapshot,
        parts,
        options,
        folder,
        order,
        lambda done: progress(done, n_parts, ""),
        is_wanted=lambda: Job.objects.filter(pk=of_job, state=Job.RUNNING).exists(),
    )


def _work(
    snapshot: Snapshot,
    parts: Parts,
    options: dict[str, Any],
    folder: str,
    order: Iterable[int],
    tell: Callable[[int], None],
    is_wanted: Callable[[], bool] = lambda: True,
) -> int:
    """Does the parts that nobody has done yet, in this order. Returns how many."""
    n_done = 0
    for place, part in enumerate(order):
        tell(place)
        if default_storage.exists(_name(folder, part)):
            continue
        if not is_wanted():
            break
        content = parts.run(snapshot, options, part)
        # looked at again: where two did the same part, the first one's stays, and the job may have ended meanwhile
        if is_wanted() and not default_storage.exists(_name(folder, part)):
            default_storage.save(_name(folder, part), ContentFile(content))
        n_done += 1
    return n_done


def _parts_of(analysis: SnapshotAnalysis) -> Parts:
    if analysis.parts is None:
        raise ValueError(f"The analysis {analysis.name!r} is not made of parts; nothing was computed.")
    return analysis.parts


def _folder(snapshot_id: str, name: str, options: dict[str, Any], job_id: int) -> str:
    """One per job and program version: parts of another version are never mixed in."""
    about = json.dumps([snapshot_id, name, options, job_id, code_version()], sort_keys=True)
    return f"parts/{hashlib.sha256(about.encode()).hexdigest()[:32]}"


def _name(folder: str, part: int) -> str:
    return f"{folder}/{part:06d}"


def _read(folder: str, part: int) -> bytes:
    with default_storage.open(_name(folder, part)) as file:
        content: bytes = file.read()
    return content


def _delete(folder: str) -> None:
    try:
        names = default_storage.listdir(folder)[1]
    except FileNotFoundError:
        return
    for name in names:
        default_storage.delete(f"{folder}/{name}")
