"""The supervisor: restarts what dies, with a bound; stops in order; leaves nobody behind."""

import json
import os
import signal
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen

from launcher.supervisor import LOG_BYTES_ALLOWED
from tests.launcher.waiting import is_gone, started, wait_until


def supervised(folder: Path, *names: str) -> AbstractContextManager[Popen[bytes]]:
    return started([sys.executable, "-m", "tests.launcher.supervised", str(folder), *names], folder / "output")


def said(folder: Path) -> str:
    return (folder / "output").read_text()


def pids(folder: Path) -> dict[str, int]:
    path = folder / "pids"
    return json.loads(path.read_text()) if path.exists() else {}


def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    with supervised(tmp_path, "early", "late"):
        wait_until(lambda: "ready" in said(tmp_path), "all children serve")
        before = pids(tmp_path)
        os.kill(before["late"], signal.SIGKILL)
        wait_until(lambda: pids(tmp_path).get("late", before["late"]) != before["late"], "a new process serves")
        assert pids(tmp_path)["early"] == before["early"]
        assert "late was killed by SIGKILL; starting it again" in said(tmp_path)


def test_stopping_goes_from_the_lowest_rank_to_the_highest(tmp_path: Path) -> None:
    with supervised(tmp_path, "late", "early", "middle") as process:
        wait_until(lambda: "ready" in said(tmp_path), "all children serve")
        running = pids(tmp_path)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert (tmp_path / "order").read_text().split() == ["early", "middle", "late"]
    assert all(is_gone(pid) for pid in running.values())


def test_a_request_sent_twice_at_once_is_one_request(tmp_path: Path) -> None:
    with supervised(tmp_path, "early", "middle", "late") as process:
        wait_until(lambda: "ready" in said(tmp_path), "all children serve")
        for number in [signal.SIGINT, signal.SIGINT, signal.SIGTERM]:
            process.send_signal(number)
        assert process.wait(30) == 0
    assert (tmp_path / "order").read_text().split() == ["early", "middle", "late"]
    assert "was killed" not in said(tmp_path)


def test_a_child_that_ignores_the_request_is_killed_when_its_grace_is_over(tmp_path: Path) -> None:
    with supervised(tmp_path, "stubborn", "late") as process:
        wait_until(lambda: "ready" in said(tmp_path), "all children serve")
        running = pids(tmp_path)
        process.terminate()
        assert process.wait(30) == 0
    assert "stubborn did not stop in time and was killed" in said(tmp_path)
    assert (tmp_path / "order").read_text().split() == ["late"]
    assert all(is_gone(pid) for pid in running.values())


def test_a_child_that_keeps_dying_ends_everything_with_the_name_of_its_log(tmp_path: Path) -> None:
    with supervised(tmp_path, "late", "fragile") as process:
        wait_until(lambda: process.poll() is not None, "the supervisor gives up", seconds=60)
        assert process.returncode == 1
    assert "fragile ended with code 1, for the 9th time" in said(tmp_path)
    assert f"Its log is {tmp_path / 'fragile.log'}; the last line says: nothing works here" in said(tmp_path)
    assert (tmp_path / "order").read_text().split() == ["late"]


def test_a_full_disk_is_called_by_its_name(tmp_path: Path) -> None:
    with supervised(tmp_path, "full") as process:
        wait_until(lambda: process.poll() is not None, "the supervisor gives up", seconds=60)
    assert "The disk is full" in said(tmp_path)
    assert "free some space and start again" in said(tmp_path)


def test_a_log_that_grew_too_long_starts_anew_and_keeps_its_past_beside_it(tmp_path: Path) -> None:
    with supervised(tmp_path, "early"):
        wait_until(lambda: "ready" in said(tmp_path), "the child serves")
        with (tmp_path / "early.log").open("ab") as log:
            log.truncate(LOG_BYTES_ALLOWED + 1)
        wait_until((tmp_path / "early.log.1").exists, "the log is put aside")
        wait_until(lambda: (tmp_path / "early.log").stat().st_size == 0, "the log is empty")
    assert (tmp_path / "early.log.1").stat().st_size == LOG_BYTES_ALLOWED + 1


def test_a_killed_supervisor_takes_its_children_and_their_children_with_it(tmp_path: Path) -> None:
    with supervised(tmp_path, "early", "pool") as process:
        wait_until(lambda: "ready" in said(tmp_path), "all children serve")
        running = [*pids(tmp_path).values(), int((tmp_path / "below").read_text())]
        process.kill()
        wait_until(lambda: all(is_gone(pid) for pid in running), "no child and no child's child is left")


def test_what_a_child_leaves_in_a_session_of_its_own_is_ended_too(tmp_path: Path) -> None:
    with supervised(tmp_path, "parent") as process:
        wait_until(lambda: "ready" in said(tmp_path), "the child serves")
        below = int((tmp_path / "below").read_text())
        assert not is_gone(below)
        process.terminate()
        assert process.wait(30) == 0
    assert is_gone(below)
