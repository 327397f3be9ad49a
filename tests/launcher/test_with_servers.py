"""`python -m launcher with-servers`: a database and a broker for one command, and nothing left afterwards."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from launcher.embedded import LONGEST_SOCKET_FOLDER, socket_folder
from tests.launcher.waiting import ROOT, launcher, processes_naming, started, wait_until

# Speaks to both servers as the product does: the URLs go through the libraries that will read them.
QUERY = """
import os, sys, environ, psycopg2, redis
parts = environ.Env.db_url_config(os.environ["DATABASE_URL"])
with psycopg2.connect(dbname=parts["NAME"], user=parts["USER"], **parts["OPTIONS"]) as connection:
    cursor = connection.cursor()
    cursor.execute(sys.argv[1])
    rows = cursor.fetchall() if cursor.description else []
connection.close()
broker = redis.Redis.from_url(os.environ["REDIS_URL"])
print(rows, broker.incr("starts"))
broker.close()
"""


def query(sql: str) -> list[str]:
    return [sys.executable, "-c", QUERY, sql]


def test_the_command_finds_both_servers_and_gives_its_exit_code() -> None:
    done = launcher("with-servers", "--", *query("select 6 * 7, current_database()"))
    assert (done.returncode, done.stdout) == (0, "[(42, 'commonground')] 1\n"), done.stderr
    assert launcher("with-servers", "--", sys.executable, "-c", "raise SystemExit(3)").returncode == 3


def test_nothing_is_left_of_a_throwaway_run() -> None:
    done = launcher("with-servers", "--", "sh", "-c", "echo $DATABASE_URL")
    folder = Path(done.stdout.strip().partition("host=")[2].replace("%2F", "/")).parent
    assert folder.name.startswith("commonground-")
    assert not folder.exists()
    assert processes_naming(str(folder)) == []


def test_data_survive_a_second_start(tmp_path: Path) -> None:
    keep = ["with-servers", "--data", str(tmp_path), "--"]
    launcher(*keep, *query("create table kept as select 'a word' as word"))
    done = launcher(*keep, *query("select word from kept"))
    assert done.stdout == "[('a word',)] 2\n", done.stderr


@pytest.mark.faults
def test_a_killed_database_comes_back_with_its_rows(tmp_path: Path) -> None:
    keep = [sys.executable, "-m", "launcher", "with-servers", "--data", str(tmp_path), "--"]
    script = _write_and_wait(tmp_path)
    with started([*keep, "sh", "-c", script], tmp_path / "output"):
        wait_until((tmp_path / "written").exists, "the row is written")
        pid_file = tmp_path / "postgres" / "postmaster.pid"
        killed = pid_file.read_text().split()[0]
        os.kill(int(killed), signal.SIGKILL)
        wait_until(lambda: _is_ready(pid_file) and pid_file.read_text().split()[0] != killed, "PostgreSQL serves again")
        (tmp_path / "gate").write_text("")
    done = launcher("with-servers", "--data", str(tmp_path), "--", *query("select n from kept"))
    assert done.stdout.startswith("[(7,)]"), done.stderr


@pytest.mark.faults
def test_a_killed_launcher_leaves_no_server_and_no_loss(tmp_path: Path) -> None:
    script = _write_and_wait(tmp_path)
    words = [sys.executable, "-m", "launcher", "with-servers", "--data", str(tmp_path), "--", "sh", "-c", script]
    with started(words, tmp_path / "output") as process:
        wait_until((tmp_path / "written").exists, "the row is written")
        process.kill()
        wait_until(lambda: not processes_naming(str(tmp_path / "postgres")), "PostgreSQL has ended")
        wait_until(lambda: not processes_naming(str(tmp_path / "valkey")), "Valkey has ended")
        (tmp_path / "gate").write_text("")
    done = launcher("with-servers", "--data", str(tmp_path), "--", *query("select n from kept"))
    assert done.stdout == "[(7,)] 2\n", done.stderr


def test_two_at_once_on_the_same_data_are_refused(tmp_path: Path) -> None:
    inner = [sys.executable, "-m", "launcher", "with-servers", "--data", str(tmp_path), "--", "true"]
    done = launcher("with-servers", "--data", str(tmp_path), "--", *inner)
    assert done.returncode == 1
    assert f"The servers in {tmp_path} are already running; nothing was started." in done.stderr


def test_a_pid_file_naming_a_foreign_process_does_not_keep_the_database_down(tmp_path: Path) -> None:
    keep = ["with-servers", "--data", str(tmp_path), "--"]
    launcher(*keep, "true")
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path / 'postgres'}\n")
    assert launcher(*keep, *query("select 1")).returncode == 0


def test_sockets_move_to_a_short_path_where_the_data_lie_too_deep(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    folder = socket_folder(deep)
    try:
        assert len(str(folder)) <= LONGEST_SOCKET_FOLDER
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        folder.rmdir()
    done = launcher("with-servers", "--data", str(deep), "--", *query("select 1"))
    assert done.stdout == "[(1,)] 1\n", done.stderr


def test_the_sockets_folder_is_closed_to_others_and_there_is_no_tcp(tmp_path: Path) -> None:
    done = launcher("with-servers", "--data", str(tmp_path), "--", *query("show listen_addresses"))
    assert done.stdout == "[('',)] 1\n", done.stderr
    assert (tmp_path / "postgres").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "valkey").stat().st_mode & 0o777 == 0o700


def test_a_command_that_does_not_exist_is_named() -> None:
    done = launcher("with-servers", "--", "no-such-command-here")
    assert done.returncode == 1
    assert "'no-such-command-here' cannot be run" in done.stderr


def test_an_ordinary_user_can_start_the_servers(tmp_path_factory: pytest.TempPathFactory) -> None:
    if os.geteuid() != 0:
        pytest.skip("every other test here already runs as an ordinary user")
    nobody = pwd.getpwnam("nobody")
    reach = subprocess.run(
        ["test", "-x", sys.executable, "-a", "-r", str(ROOT / "launcher")], user=nobody.pw_uid, check=False
    )
    if reach.returncode != 0:
        pytest.skip(f"the user nobody may not walk into {ROOT}")
    environment: Mapping[str, str] = {"PATH": os.environ["PATH"], "TMPDIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "launcher", "with-servers", "--", *query("select 1")],
        cwd=ROOT,
        env=environment,
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "[(1,)] 1\n"), done.stderr


def test_root_does_not_open_the_database_of_another_user(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    launcher("with-servers", "--data", str(tmp_path), "--", "true")
    os.chown(tmp_path / "postgres", 12345, 12345)
    done = launcher("with-servers", "--data", str(tmp_path), "--", "true")
    assert done.returncode == 1
    assert "belongs to another user (number 12345), so it was not started. Start as that user" in done.stderr


def test_a_database_of_another_major_version_is_left_alone(tmp_path: Path) -> None:
    launcher("with-servers", "--data", str(tmp_path), "--", "true")
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")
    done = launcher("with-servers", "--data", str(tmp_path), "--", "true")
    assert done.returncode == 1
    assert "was made by PostgreSQL 9; the installed server is" in done.stderr


def _write_and_wait(folder: Path) -> str:
    """A shell script that writes a row, says so in `written`, and goes on when somebody writes into `gate`."""
    os.mkfifo(folder / "gate")
    write = f"{sys.executable} -c '{QUERY}' 'create table kept as select 7 as n'"
    return f"{write} && touch {folder}/written && cat {folder}/gate"


def _is_ready(pid_file: Path) -> bool:
    try:
        return "ready" in pid_file.read_text()
    except FileNotFoundError:
        return False
