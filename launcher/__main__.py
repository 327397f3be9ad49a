"""`python -m launcher`: the command line."""

import argparse
import sys
from pathlib import Path

from launcher.errors import LaunchError
from launcher.manage import manage
from launcher.options import read_options
from launcher.setup import setup
from launcher.status import status
from launcher.up import up
from launcher.with_servers import with_servers


def main(words: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = _parser().parse_args(words)
    try:
        if options.command == "setup":
            return setup(developer=options.dev, browser=options.browser)
        if options.command == "with-servers":
            return with_servers(options.words, options.data)
        if options.command == "manage":
            return manage(read_options(), options.words)
        return {"up": up, "status": status}[options.command](read_options())
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m launcher", description="Starts Commonground on one machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start everything and keep it running until Ctrl-C")
    commands.add_parser("status", help="say what is running, where, and with which process ids")
    installing = commands.add_parser("setup", help="make .venv and install the pinned packages")
    installing.add_argument("--dev", action="store_true", help="also what the tests and checks need")
    installing.add_argument("--browser", action="store_true", help="also Chromium, for the browser tests")
    beside = commands.add_parser("with-servers", help="run a command with a PostgreSQL and a Valkey of its own")
    beside.add_argument("--data", type=Path, help="keep the servers' data here (default: a temporary folder)")
    beside.add_argument("words", nargs="+", metavar="COMMAND")
    managing = commands.add_parser("manage", help="run a manage.py command with the site's settings")
    managing.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    return parser


if __name__ == "__main__":
    sys.exit(main())
