"""The processes of Commonground itself: web server, Celery workers, the predictor, Celery beat."""

import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from launcher.child import Child
from launcher.options import ROOT, Options

QUIT_AT_ONCE = ((signal.SIGTERM, 10.0), (signal.SIGQUIT, 4.0))  # Celery: finish the job in hand, then drop it


def our_processes(options: Options, environment: Mapping[str, str]) -> list[Child]:
    """The web server first, then the workers and beat; stopped by rank: beat, then web, then the workers."""
    logs = options.data / "log"
    return [
        _web(options, environment, logs),
        _worker("everyday", "default,analysis,exchange", ["--concurrency=2"], environment, logs),
        # Niced: a training must not make an annotator wait. A new process per job gives its memory back.
        _worker("training", "training", ["--concurrency=1", "--max-tasks-per-child=1"], environment, logs, niceness=10),
        _predict(environment, logs),
        _beat(options.data, environment, logs),
    ]


def _web(options: Options, environment: Mapping[str, str], logs: Path) -> Child:
    host = f"[{options.host}]" if ":" in options.host else options.host
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", f"--bind={host}:{options.port}"]
    command += [f"--workers={options.web_workers}", "--worker-class=gthread", f"--threads={options.web_threads}"]
    # Preloaded: one import for all workers, and a killed worker is back in milliseconds.
    command += ["--preload", "--graceful-timeout=8", "--timeout=60", "--keep-alive=15", "--no-control-socket"]

    def answers(pid: int) -> bool:
        return _answers_http(options.host, options.port)

    return Child(
        name="web",
        command=command,
        log=logs / "web.log",
        environment=_named("web", environment),
        folder=ROOT,
        is_ready=answers,
        stop_signals=((signal.SIGTERM, 12.0),),
        stop_rank=10,
        orphan_signal="QUIT",
    )


def _worker(
    name: str, queues: str, pool: list[str], environment: Mapping[str, str], logs: Path, niceness: int = 0
) -> Child:
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", f"--queues={queues}", *pool]
    command += [f"--hostname={name}@%h", "--prefetch-multiplier=1", "--loglevel=INFO"]
    command += ["--without-gossip", "--without-mingle"]  # our workers have nothing to tell each other
    return Child(
        name=name,
        command=command,
        log=logs / f"{name}.log",
        environment=_named(name, environment),
        folder=ROOT,
        prefix=("nice", "-n", str(niceness)) if niceness else (),
        ready_words=" ready.",
        stop_signals=QUIT_AT_ONCE,
        stop_rank=20,
        orphan_signal="QUIT",
    )


def _predict(environment: Mapping[str, str], logs: Path) -> Child:
    """Holds the served networks and answers questions to them."""
    return Child(
        name="predict",
        command=[sys.executable, str(ROOT / "manage.py"), "serve_networks"],
        log=logs / "predict.log",
        environment=_named("predict", environment),
        folder=ROOT,
        ready_words=" is ready.",
        stop_signals=((signal.SIGTERM, 10.0),),
        stop_rank=20,
        orphan_signal="TERM",
    )


def _beat(data: Path, environment: Mapping[str, str], logs: Path) -> Child:
    schedule = data / "beat"
    # No pid file: one left by a killed beat would keep the next from starting.
    command = [sys.executable, "-m", "celery", "-A", "config", "beat", f"--schedule={schedule}", "--pidfile="]
    return Child(
        name="beat",
        command=[*command, "--loglevel=WARNING"],
        log=logs / "beat.log",
        environment=_named("beat", environment),
        folder=ROOT,
        stop_signals=((signal.SIGTERM, 5.0),),
        stop_rank=0,
    )


def _named(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """With the name under which PostgreSQL lists the sessions of this process (pg_stat_activity.application_name)."""
    return {**environment, "PGAPPNAME": f"commonground {name}"}


def _answers_http(host: str, port: int) -> bool:
    """True once the site answers a request, whatever it says, short of a server error."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    with suppress(OSError), socket.create_connection((target, port), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return connection.recv(12)[9:10] in {b"2", b"3", b"4"}
    return False
