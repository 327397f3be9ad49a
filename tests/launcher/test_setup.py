"""`python -m launcher setup`: does nothing twice, and says what it lacks."""

import os
from pathlib import Path

import pytest

from launcher import setup as module
from launcher.errors import LaunchError
from launcher.setup import setup


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout that needs no package from anywhere."""
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\n")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    return tmp_path


def test_the_second_time_nothing_is_done(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup(developer=False, browser=False) == 0
    assert "installing the packages of requirements.txt" in capsys.readouterr().out
    assert (checkout / ".venv" / "bin" / "python").exists()
    assert setup(developer=False, browser=False) == 0
    assert capsys.readouterr().out == ""


def test_changed_pins_are_installed_and_the_larger_set_contains_the_smaller(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    setup(developer=True, browser=False)
    capsys.readouterr()
    setup(developer=False, browser=False)
    assert capsys.readouterr().out == ""
    (checkout / "requirements.txt").write_text("# still nothing, but changed\n")
    setup(developer=False, browser=False)
    assert "installing the packages of requirements.txt" in capsys.readouterr().out
    setup(developer=True, browser=False)
    assert "installing the packages of requirements-dev.txt" in capsys.readouterr().out


def test_a_package_that_cannot_be_had_is_told_with_pips_words(checkout: Path) -> None:
    (checkout / "requirements.txt").write_text("./no-such-folder\n")
    with pytest.raises(
        LaunchError, match=r"could not be installed\. pip said last:[\s\S]*no-such-folder[\s\S]*install\.log"
    ):
        setup(developer=False, browser=False)
    # The failure is not taken for done.
    (checkout / "requirements.txt").write_text("# mended\n")
    assert setup(developer=False, browser=False) == 0


def test_a_full_disk_is_refused_before_anything_is_made(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BYTES_NEEDED", 10**18)
    with pytest.raises(LaunchError, match=r"GB are free on the disk of .*Nothing was changed"):
        setup(developer=False, browser=False)
    assert not (checkout / ".venv").exists()


def test_without_chromium_an_ordinary_user_gets_the_line_to_run(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LaunchError, match=r"only root can install here[\s\S]*sudo apt-get install -y chromium"):
        setup(developer=True, browser=True)
    assert not (checkout / ".venv").exists()
