"""A program for the tests: keeps a few tiny processes under the real supervisor and reports what happens.

usage: supervised.py FOLDER NAME...    each NAME is one of KINDS; the order of endings is written to FOLDER/order
"""

import json
import signal
import sys
from pathlib import Path

from launcher.child import Child
from launcher.errors import LaunchError
from launcher.supervisor import StopRequested, Supervisor

STEADY = """
import os, signal, sys
def end(number, frame):
    with open(os.path.join(sys.argv[1], "order"), "a") as file:
        file.write(sys.argv[2] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("serving", flush=True)
while True:
    signal.pause()
"""
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("serving", flush=True)
while True:
    signal.pause()
"""
FRAGILE = "raise SystemExit('nothing works here')"
FULL = "raise SystemExit('PANIC: could not write: No space left on device')"
# A child that starts a child of its own in another session: what nobody would find by process group.
PARENT = """
import signal, subprocess, sys
below = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
with open(sys.argv[1] + "/below", "w") as file:
    file.write(str(below.pid))
print("serving", flush=True)
signal.pause()
"""
# The same in its own process group, as a Celery worker holds its pool.
POOL = PARENT.replace(", start_new_session=True", "")
KINDS = {
    "early": (STEADY, 0),
    "middle": (STEADY, 10),
    "late": (STEADY, 20),
    "stubborn": (STUBBORN, 5),
    "fragile": (FRAGILE, 0),
    "full": (FULL, 0),
    "parent": (PARENT, 0),
    "pool": (POOL, 0),
}


def main(folder: Path, names: list[str]) -> int:
    def record() -> None:
        making = folder / "pids.making"
        making.write_text(json.dumps(supervisor.pids()))
        making.replace(folder / "pids")

    supervisor = Supervisor(say=lambda line: print(line, flush=True), on_change=record, first_pause_seconds=0.01)
    children = [
        Child(
            name=name,
            command=[sys.executable, "-c", KINDS[name][0], str(folder), name],
            log=folder / f"{name}.log",
            stop_signals=((signal.SIGTERM, 0.5 if name == "stubborn" else 10.0),),
            stop_rank=KINDS[name][1],
            ready_words="serving" if name not in {"fragile", "full"} else "",
        )
        for name in names
    ]
    try:
        supervisor.start(children)
        print("ready", flush=True)
        supervisor.keep()
    except StopRequested:
        return 0
    except LaunchError as error:
        print(error, flush=True)
        return 1
    finally:
        supervisor.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
