"""Django's commands with the site's settings, whether the site runs or not: what `manage.py` does on a bare shell."""

import os
import sys

from launcher.options import ROOT, Options
from launcher.run_record import read_record
from launcher.site_environment import site_environment
from launcher.with_servers import run_beside_servers

MANAGE = [sys.executable, str(ROOT / "manage.py")]


def manage(options: Options, words: list[str]) -> int:
    """Run `manage.py WORDS`: beside the running site; with the servers that the operator named; else, beside servers
    that are started on the site's data for this command alone.

    Raises LaunchError if those cannot be started.
    """
    record = read_record(options.data)
    if record is not None and record.is_alive() and record.environment:
        # what the operator told the site in another shell is not in the record: the site's own defaults stand in
        urls = {"database_url": record.database_url, "redis_url": record.redis_url}
        _become(words, {**options.environment, **site_environment(options, **urls), **record.environment})
    if options.database_url and options.redis_url:
        _become(words, dict(options.environment))
    options.data.mkdir(parents=True, exist_ok=True)

    def commands(environment: dict[str, str]) -> list[list[str]]:
        urls = {"database_url": environment["DATABASE_URL"], "redis_url": environment["REDIS_URL"]}
        environment.update({**options.environment, **site_environment(options, **urls)})
        return [[*MANAGE, "migrate", "--no-input", "--verbosity=0"], [*MANAGE, *words]]

    return run_beside_servers(options.data, commands)


def _become(words: list[str], environment: dict[str, str]) -> None:
    os.execve(MANAGE[0], [*MANAGE, *words], environment)
