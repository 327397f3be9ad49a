"""Which version of the program this is, for the records of what it made."""

import re
import subprocess
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_HEADING = re.compile(r"^## \[?v?(\d+(?:\.\d+)+)\]?", re.MULTILINE)


def changelog_version(text: str) -> str:
    """The version of the topmost heading `## 1.2.3 ...` of a changelog; "0" if it has none."""
    match = _HEADING.search(text)
    return match[1] if match else "0"


@cache
def code_version() -> str:
    """Such as "0.1.0+3f2a91c": the topmost version of CHANGELOG.md, and the commit if this is a git checkout."""
    changelog = _ROOT / "CHANGELOG.md"
    version = changelog_version(changelog.read_text(encoding="utf-8")) if changelog.is_file() else "0"
    if not (_ROOT / ".git").exists():
        return version
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "--short=7", "HEAD"], cwd=_ROOT, capture_output=True, text=True, timeout=5, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return version  # no git here, or a checkout owned by someone else: the version alone must do
    return f"{version}+{commit}"
