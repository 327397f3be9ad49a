"""`python -m launcher`: the command line."""

import argparse
import sys
from pathlib import Path

from launcher.errors import LaunchError
from launcher.with_servers import with_servers


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m launcher", description="Starts Commonground on one machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    beside = commands.add_parser("with-servers", help="run a command with a PostgreSQL and a Valkey of its own")
    beside.add_argument("--data", type=Path, help="keep the servers' data here (default: a temporary folder)")
    beside.add_argument("words", nargs="+", metavar="COMMAND")
    options = parser.parse_args(words)
    try:
        return with_servers(options.words, options.data)
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
