"""The whole product in a temporary folder, as `make up` starts it, and a hello-world served in the same way."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]

from bench.cpu import cpu_seconds_of
from launcher.options import ROOT
from launcher.up import FIRST_START_STAMP, first_start_mark

# the web server's sessions, and PostgreSQL's own standing processes: writing the log, pages and checkpoints
_FOR_WEB = """
    select pid from pg_stat_activity where application_name = 'commonground web' or backend_type not in (
      'client backend', 'autovacuum worker', 'parallel worker')
"""
START_SECONDS = 600.0
WEB_WORKERS, WEB_THREADS = 2, 4
GUNICORN = [f"--workers={WEB_WORKERS}", "--worker-class=gthread", f"--threads={WEB_THREADS}", "--preload"]
GUNICORN += ["--keep-alive=15", "--no-control-socket"]


@dataclass
class Site:
    port: int
    pids: dict[str, int]
    environment: dict[str, str]

    def command(self, *words: str, text: str = "") -> str:
        """Runs `python WORDS` beside the site; returns what it prints."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env=self.environment,
            input=text,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout.strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_of(site: Site) -> dict[str, float]:
    """Processor seconds so far, by part.

    postgres: the web server's sessions, writing the log and checkpoints; postgres for jobs: all else, which is the
    sessions of Celery's tasks, each of which ends with its task, and vacuuming. A session of the web server that ended,
    after ten minutes or with its worker, counts there, too.
    """
    found = cpu_seconds_of(site.pids)
    if "postgres" in found:
        with closing(psycopg2.connect(site.environment["DATABASE_URL"])) as connection, connection.cursor() as cursor:
            cursor.execute(_FOR_WEB)
            for_web = sum(cpu_seconds_of({str(pid): pid for (pid,) in cursor.fetchall()}).values())
        found["postgres for jobs"] = found["postgres"] - for_web
        found["postgres"] = for_web
    return found


@contextmanager
def whole_site() -> Iterator[Site]:
    """PostgreSQL (that syncs), Valkey, gunicorn, Celery workers and beat; everything is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="commonground-bench-") as folder:
        data = Path(folder, "data")
        data.mkdir()
        (data / FIRST_START_STAMP).write_text(first_start_mark(""))  # the demo study is not needed
        theirs = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "EMBEDDED", "HOST", "DEBUG"}
        theirs |= {"DJANGO_SETTINGS_MODULE"}
        environment = {name: value for name, value in os.environ.items() if name not in theirs}
        environment |= {
            "COMMONGROUND_DATA": str(data),
            "PORT": str(free_port()),
            "WEB_WORKERS": str(WEB_WORKERS),
            "WEB_THREADS": str(WEB_THREADS),
        }
        with _running([sys.executable, "-m", "launcher", "up"], environment, Path(folder, "output")) as process:
            _wait(process, lambda: _record(data).get("ready"), Path(folder, "output"))
            record = _record(data)
            yield Site(record["port"], record["pids"], environment | record["environment"])


@contextmanager
def hello_world() -> Iterator[Site]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "bench.hello_world:application", f"--bind=127.0.0.1:{port}", *GUNICORN]
    with tempfile.TemporaryDirectory(prefix="commonground-bench-") as folder:
        output = Path(folder, "output")
        with _running(command, dict(os.environ), output) as process:
            _wait(process, lambda: _listens(port), output)
            yield Site(port, {"web": process.pid}, dict(os.environ))


@contextmanager
def _running(command: list[str], environment: dict[str, str], output: Path) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(90)


def _wait(process: subprocess.Popen[bytes], is_ready: Callable[[], Any], output: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"It did not start. It said:\n{output.read_text()}")
        time.sleep(0.1)


def _record(data: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((data / "run.json").read_text()))
    except FileNotFoundError:
        return {}


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
