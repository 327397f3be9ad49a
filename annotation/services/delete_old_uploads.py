"""Files that somebody uploaded for an import and that nobody will read any more: they may hold who people are."""

from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone

from jobs.models import Job

KEPT = timedelta(days=2)  # a file that waits for its columns to be named is good for a day


def delete_old_uploads() -> int:
    """Deletes what was uploaded KEPT ago or earlier and no unfinished job waits for. Returns how many files."""
    before = timezone.now() - KEPT
    waiting = set(Job.objects.exclude(state__in=Job.ENDED).values_list("arguments__storage_name", flat=True))
    folders, files = _listed("uploads")
    names = [f"uploads/{name}" for name in files]
    n = sum(_delete(name, before, waiting) for name in names)
    for folder in folders:
        names = [f"uploads/{folder}/{name}" for name in _listed(f"uploads/{folder}")[1]]
        deleted = [name for name in names if _delete(name, before, waiting)]
        n += len(deleted)
        if len(deleted) == len(names):
            default_storage.delete(f"uploads/{folder}")
    return n


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _delete(name: str, before: Any, waiting: set[str]) -> bool:
    try:
        if name in waiting or default_storage.get_modified_time(name) >= before:
            return False
        default_storage.delete(name)
    except FileNotFoundError:
        pass  # its job has just ended
    return True
