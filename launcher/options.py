"""What the operator may set, read from the environment and from `.env` beside the Makefile (the environment wins)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher.errors import LaunchError

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Options:
    """The launcher's part of the settings; docs/operator/settings.md describes each.

    environment: everything that was set, to be handed to our processes.
    database_url, redis_url: '' = start a server of our own.
    """

    data: Path
    host: str
    port: int
    web_workers: int
    web_threads: int
    database_url: str
    redis_url: str
    environment: Mapping[str, str]


def read_options(environment: Mapping[str, str] | None = None) -> Options:
    """Raises LaunchError, naming the variable, where a value cannot be used."""
    given = dict(os.environ if environment is None else environment)
    given = _read_env_file(ROOT / ".env") | given
    data = Path(given.get("COMMONGROUND_DATA", "").strip() or "var").expanduser()
    return Options(
        data=(data if data.is_absolute() else ROOT / data).resolve(),
        host=given.get("HOST", "").strip() or "127.0.0.1",
        port=_whole_number(given, "PORT", 8000, 1, 65535),
        web_workers=_whole_number(given, "WEB_WORKERS", 2, 1, 256),
        web_threads=_whole_number(given, "WEB_THREADS", 4, 1, 256),
        database_url=given.get("DATABASE_URL", "").strip(),
        redis_url=given.get("REDIS_URL", "").strip(),
        environment=given,
    )


def _whole_number(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = given.get(name, "").strip() or str(default)
    if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
        raise LaunchError(
            f"{name} is {value!r}; it must be a whole number from {least} to {most}. Nothing was started."
        )
    return int(value)


def _read_env_file(path: Path) -> dict[str, str]:
    """Lines of NAME=value; # starts a comment line; quotes around the value are taken off."""
    values = {}
    lines = path.read_text().splitlines() if path.is_file() else []
    for number, line in enumerate(lines, start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        if not equals or not name.strip().isidentifier():
            raise LaunchError(f"{path}, line {number}: {line!r} is not NAME=value. Nothing was started.")
        value = value.strip()
        values[name.strip()] = value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
    return values
