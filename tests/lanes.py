"""`python -m tests.lanes`: all tests in two lanes side by side, the browser in one, everything else in the other.

A browser waits most of its time, so the lanes together take little longer than the longer one. Each has servers of its
own. What the browser's lane says is kept, and shown when the other lane has ended. Ends with 1 if a test failed.
"""

import signal
import subprocess
import sys
import tempfile
from typing import IO

BROWSER = "tests/browser"
LOOK_SECONDS = 1.0


def run_in_two_lanes() -> int:
    """The higher of the two exit codes of pytest."""
    # a plain kill ends both lanes, as Ctrl-C does, which reaches them by itself
    signal.signal(signal.SIGTERM, _interrupt)
    with tempfile.NamedTemporaryFile("w+", prefix="commonground-browser-tests-", suffix=".log") as said:
        lanes = [_lane([BROWSER], said), _lane(["tests", f"--ignore={BROWSER}"], None)]
        try:
            lanes[1].wait()
            print("\nThe browser's lane:", flush=True)
            _show(lanes[0], said)
        except KeyboardInterrupt:
            for lane in lanes:
                lane.terminate()
        codes = [lane.wait() for lane in lanes]
    return max(abs(code) for code in codes)


def _lane(paths: list[str], output: IO[str] | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "launcher", "with-servers", "--", sys.executable, "-m", "pytest", *paths]
    return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT if output else None)


def _show(lane: subprocess.Popen[bytes], said: IO[str]) -> None:
    """What the lane has said, and goes on saying until it ends."""
    with open(said.name, encoding="utf-8", errors="replace") as read:
        while True:
            has_ended = lane.poll() is not None
            print(read.read(), end="", flush=True)
            if has_ended:
                return
            try:
                lane.wait(LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                continue


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(run_in_two_lanes())
