"""Management commands without Django's start before each: a process that is ready, and forks for every command.

usage: python -m tests.browser.commands   reads a list of words as JSON per line, answers {"code", "out", "error"}
"""

import contextlib
import io
import json
import os
import sys
import tempfile
import traceback

import django
from django.core.management import ManagementUtility


def serve() -> None:
    django.setup()
    for line in sys.stdin:
        with tempfile.TemporaryFile("w+") as answer:
            child = os.fork()
            if child == 0:
                _run(json.loads(line), answer)
            _, status = os.waitpid(child, 0)
            answer.seek(0)
            said = answer.read() or json.dumps({"code": status or 1, "out": "", "error": "It ended without a word."})
        print(said, flush=True)


def _run(words: list[str], answer: io.TextIOBase) -> None:
    """One command in a process of its own; never returns."""
    out, error, code = io.StringIO(), io.StringIO(), 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            ManagementUtility(["manage.py", *words]).execute()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        code = 1
        error.write(traceback.format_exc())
    json.dump({"code": code, "out": out.getvalue(), "error": error.getvalue()}, answer)
    answer.flush()
    os._exit(0)


if __name__ == "__main__":
    serve()
