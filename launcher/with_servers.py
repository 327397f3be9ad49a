"""`python -m launcher with-servers [--data DIR] -- COMMAND...`: a database and a broker for one command."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from launcher.data_lock import AlreadyRunning, take_lock
from launcher.embedded import Postgres, Valkey, remove_socket_folder, socket_folder
from launcher.errors import LaunchError
from launcher.supervisor import StopRequested, Supervisor


def with_servers(command: list[str], data: Path | None) -> int:
    """Run `command` with DATABASE_URL and REDIS_URL of servers started for it; returns its exit code.

    data: where the servers keep their data; None = a temporary folder, removed at the end.
    Raises LaunchError if the servers cannot be started.
    """
    throwaway = data is None
    folder = Path(tempfile.mkdtemp(prefix="commonground-")) if data is None else data.resolve()
    try:
        return run_beside_servers(folder, lambda _: [command], durable=not throwaway)
    finally:
        if throwaway:
            shutil.rmtree(folder, ignore_errors=True)


def run_beside_servers(
    folder: Path, commands: Callable[[dict[str, str]], list[list[str]]], *, durable: bool = True
) -> int:
    """Start the servers of this folder, run the commands one after the other until one fails, stop the servers.

    commands: receives the environment they will run in, with the servers' addresses, and may add to it.
    Returns the exit code of the last command that ran. Raises LaunchError if the servers cannot be started.
    """
    try:
        lock = take_lock(folder, patience_seconds=5)
    except AlreadyRunning:
        raise LaunchError(
            f"The servers in {folder} are already running; nothing was started. Stop them first."
        ) from None
    sockets = socket_folder(folder)
    supervisor = Supervisor(say=_say, lock=lock)
    try:
        postgres = Postgres(folder, sockets, folder / "log" / "postgres.log", durable=durable)
        valkey = Valkey(folder, sockets, folder / "log" / "valkey.log")
        postgres.prepare()
        valkey.prepare()
        supervisor.start([postgres.child(), valkey.child()])
        environment = {**os.environ, "DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}
        for command in commands(environment):
            if code := _exit_code(supervisor.run(command, environment)):
                return code
        return 0
    except StopRequested:
        return 130
    except FileNotFoundError as error:
        raise LaunchError(f"{error.filename!r} cannot be run: {error.strerror}.") from error
    finally:
        supervisor.stop()
        remove_socket_folder(sockets)
        os.close(lock)


def _exit_code(code: int) -> int:
    """As a shell reports it: 128 + number for a command ended by a signal."""
    return 128 - code if code < 0 else code


def _say(line: str) -> None:
    # Quiet when all is well, so that the command's own output is what one sees.
    if not line.startswith("stopping"):
        print(f"with-servers: {line}", file=sys.stderr, flush=True)
