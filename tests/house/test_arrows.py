"""Who may import whom: the contracts in pyproject.toml are kept."""

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.conftest import ROOT

ROOMS = {"config", "jobs", "annotation", "analysis", "modelserve", "snapshots", "launcher"}


def test_the_arrows_of_the_architecture_are_kept() -> None:
    checked = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout[-3000:] + checked.stderr[-1000:]


def test_every_room_is_watched() -> None:
    watched = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    rooms = {folder.parent.name for folder in ROOT.glob("*/__init__.py")} - {"tests", "bench", "docs"}
    assert rooms == ROOMS, "a new top-level package needs a row in docs/architecture.md, pyproject.toml and here"
    assert set(watched) == ROOMS


def test_what_few_need_stays_out_of_the_processes_that_answer_pages() -> None:
    """Every command, too, would wait for them and hold their memory."""
    program = (
        "import sys, django; django.setup(); import config.urls, config.wsgi; from django.urls import get_resolver; "
        "get_resolver().url_patterns; "
        "heavy = {'torch', 'transformers', 'scipy', 'pandas', 'boto3', 'reportlab'}; "
        "print(*sorted(heavy & set(sys.modules)))"
    )
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "for this test",
        "ALLOWED_HOSTS": "localhost",
        "DATABASE_URL": "postgres://nobody@localhost/nothing",
        "REDIS_URL": "redis://localhost/0",
    }
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == ""
