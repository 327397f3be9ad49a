"""What changed since a reader looked last."""

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True)
class Changes:
    """Which stimuli had a response inserted, changed or deleted since a reader looked last.

    seen: what the reader has seen with these; it gives this back the next time.
    stimuli: study id -> stimulus ids, ascending.
    started_anew: the database was restored elsewhere and its clock of transactions runs behind the reader's: nothing
        can be said about what changed, count everything.
    """

    seen: str
    stimuli: dict[int, list[int]]
    started_anew: bool = False


# Visible now and not visible in the transaction snapshot that the reader kept: then every change is found exactly
# once, as soon as it is committed, however late that is and however long other transactions run. The first condition
# alone is what the index answers. Rows of the asking transaction count as visible; rows stamped with a number that
# this server has not reached come from another server's backup, which `started_anew` covers.
_CHANGED = """
    select study_id, stimulus_id from {table}
    where changed_xid >= %(oldest)s
      and (changed_xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
           or changed_xid = pg_current_xact_id_if_assigned()::text::bigint)
      and not pg_visible_in_snapshot(changed_xid::text::xid8, %(seen)s::pg_snapshot)
"""
_CHANGED_RESPONSES = _CHANGED.format(table="annotation_response")
_CHANGED_TOMBSTONES = _CHANGED.format(table="annotation_responsetombstone")


def _oldest_unseen(seen: str) -> int:
    """xmin of a transaction snapshot in PostgreSQL's spelling, xmin:xmax:running,running."""
    return int(seen.split(":", 1)[0])


def _with_own(snapshot: str, own: str | None) -> str:
    """The snapshot with the asking transaction among the running ones: PostgreSQL leaves it out, as it sees itself.

    What the asker writes after this is then found the next time, too.
    """
    oldest, next_one, running = snapshot.split(":")
    if own is None or int(own) >= int(next_one):
        return snapshot
    ids = sorted({int(own), *(int(number) for number in running.split(",") if number)})
    return f"{oldest}:{next_one}:{','.join(map(str, ids))}"


def has_changed_since(seen: str) -> bool:
    """Whether `changes_since` would find something. One query that reads two indexes from the mark onward."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax(%(seen)s::pg_snapshot)"
            f" or exists ({_CHANGED_RESPONSES}) or exists ({_CHANGED_TOMBSTONES})",
            {"seen": seen, "oldest": _oldest_unseen(seen)},
        )
        return bool(cursor.fetchone()[0])


def changes_since(seen: str | None) -> Changes:
    """The stimuli whose responses changed since `seen` (None = never looked: started_anew).

    Call it inside the transaction that stores the new `seen`, or a crash in between loses changes.
    """
    with connection.cursor() as cursor:
        # Asked before the rows are read: what is committed in between is found now, and once more the next time.
        cursor.execute("select pg_current_snapshot()::text, pg_current_xact_id_if_assigned()::text")
        now = _with_own(*cursor.fetchone())
        if seen is None or int(now.split(":")[1]) < int(seen.split(":")[1]):
            return Changes(now, {}, started_anew=True)
        cursor.execute(
            f"{_CHANGED_RESPONSES} union {_CHANGED_TOMBSTONES} order by 1, 2",
            {"seen": seen, "oldest": _oldest_unseen(seen)},
        )
        stimuli: dict[int, list[int]] = {}
        for study_id, stimulus_id in cursor:
            stimuli.setdefault(study_id, []).append(stimulus_id)
    return Changes(now, stimuli)
