"""Questions about processes, answered from /proc."""

from contextlib import suppress
from pathlib import Path


def children_of(pid: int) -> list[int]:
    """Process ids whose parent is `pid`."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(_fields(stat)[1]) == pid:
                found.append(int(stat.parent.name))
    return sorted(found)


def birth_of(pid: int) -> int:
    """When a process was started, in clock ticks since boot; 0 if there is none. Tells a reused number apart."""
    with suppress(OSError):
        fields = _fields(Path("/proc", str(pid), "stat"))
        if fields[0] != "Z":
            return int(fields[19])
    return 0


def _fields(stat: Path) -> list[str]:
    # The command's name stands in parentheses and may itself hold spaces and parentheses; the state follows it.
    return stat.read_text(errors="replace").rpartition(")")[2].split()
