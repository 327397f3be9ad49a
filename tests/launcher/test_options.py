"""The launcher's settings: read once, loud when wrong."""

from pathlib import Path

import pytest

from launcher import options
from launcher.errors import LaunchError
from launcher.options import read_options


@pytest.fixture(autouse=True)
def _no_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(options, "ROOT", tmp_path)


def test_the_defaults_are_closed_and_local(tmp_path: Path) -> None:
    read = read_options({})
    assert (read.host, read.port, read.data) == ("127.0.0.1", 8000, tmp_path / "var")
    assert (read.database_url, read.redis_url) == ("", "")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# ours\nPORT=9001\nexport HOST='0.0.0.0'\nWEB_THREADS=2\n")
    read = read_options({"PORT": "9002"})
    assert (read.host, read.port, read.web_threads) == ("0.0.0.0", 9002, 2)


@pytest.mark.parametrize("value", ["eight", "0", "65536", "-1", "8000.5", "٨"])
def test_a_wrong_port_is_refused_by_name(value: str) -> None:
    with pytest.raises(LaunchError, match=f"PORT is {value!r}; it must be a whole number from 1 to 65535"):
        read_options({"PORT": value})


def test_a_line_that_is_not_a_setting_is_named_with_its_number(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9001\nno setting at all\n")
    with pytest.raises(LaunchError, match=r"\.env, line 2: 'no setting at all' is not NAME=value"):
        read_options({})
