"""A second process that outlives a killed supervisor just long enough to end what it left behind.

The kernel asks each child of a killed supervisor to end, but not the children's children, and a worker whose broker
has just gone may not get round to it. The guardian sleeps on a pipe that only the supervisor holds open.
"""

import os
import signal
import time
from contextlib import suppress

GRACE_SECONDS = 2.0


class Guardian:
    """Told which process groups live; kills them if the supervisor ends without having said that they are gone.

    Forked, so it also holds the data folder's lock until it is done: the next start finds nothing in its way.
    """

    def __init__(self) -> None:
        read_end, self._pipe = os.pipe()
        if os.fork() == 0:
            try:
                os.close(self._pipe)
                _watch(read_end)
            finally:
                os._exit(0)  # whatever happens, it must not go on as a second supervisor
        os.close(read_end)

    def tell_started(self, group: int) -> None:
        self._tell(f"+{group}\n")

    def tell_ended(self, group: int) -> None:
        self._tell(f"-{group}\n")

    def dismiss(self) -> None:
        """It ends at once if it knows of no living group."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1

    def _tell(self, line: str) -> None:
        with suppress(OSError):  # it may have been killed: then the kernel's signal is what is left
            os.write(self._pipe, line.encode())


def _watch(pipe: int) -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
    os.setsid()  # a Ctrl-C in the terminal is not for it
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    groups: set[int] = set()
    with os.fdopen(pipe) as lines:
        for line in lines:
            (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    if groups:
        time.sleep(GRACE_SECONDS)
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
