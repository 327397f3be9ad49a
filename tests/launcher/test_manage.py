"""`manage.py` on a bare shell works on the data of `make up`, whether that is running or not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from launcher.run_record import RunRecord
from tests.conftest import ROOT

OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "EMBEDDED", "DJANGO_SETTINGS_MODULE")


def manage(data: Path, *words: str, folder: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *words],
        cwd=folder,
        env={**environment, "COMMONGROUND_DATA": str(data)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_without_a_running_site_it_starts_what_it_needs_and_keeps_the_data(tmp_path: Path) -> None:
    data = tmp_path / "var"
    (tmp_path / "labels.csv").write_text("worker,item,label\nw1,a,calm\nw2,a,calm\nw1,b,glad\n")
    brought = manage(data, "import_responses", "moods", "labels.csv", folder=tmp_path)
    assert brought.returncode == 0, brought.stderr
    found = manage(data, "analyze", "moods", "--json")
    assert found.returncode == 0, found.stderr
    assert '"n_responses": 3' in found.stdout
    assert not (data / "run.json").exists()


def test_beside_a_site_that_was_told_its_hosts_in_another_shell_it_works_too(tmp_path: Path) -> None:
    data = tmp_path / "var"
    record = RunRecord(os.getpid(), "http://127.0.0.1:1/", 1, os.environ["DATABASE_URL"], os.environ["REDIS_URL"], "")
    record.environment = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
    data.mkdir()
    record.write(data)
    done = manage(data, "check")
    assert (done.returncode, "no issues" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(("words", "sentence"), [(["analyze", "nowhere"], "nowhere"), (["dance"], "Unknown command")])
def test_a_command_that_fails_says_so_and_ends_with_its_code(tmp_path: Path, words: list[str], sentence: str) -> None:
    failed = manage(tmp_path / "var", *words)
    assert failed.returncode == 1
    assert sentence in failed.stderr
