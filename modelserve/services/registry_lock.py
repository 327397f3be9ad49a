"""One writer at a time in the registry of a study and task."""

from django.db import connection


def lock_registry(study_key: str, task: str) -> None:
    """Wait for, and hold until the transaction ends, the right to number, promote and retire networks.

    An advisory lock, not a row lock: before the first network there is no row to lock.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"networks/{study_key}/{task}"])
