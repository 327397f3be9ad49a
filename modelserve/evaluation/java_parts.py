"""Source: METEOR 1.5, SPICE 1.0 and the PTB tokeniser are Java programs; this finds them, or says how to add them."""

import importlib.util
import shutil
from pathlib import Path

PACKAGE = "pycocoevalcap"
HOW_TO_ADD = (
    "Install Java 8 or newer (on Debian: apt-get install default-jre-headless) and the files that come with the COCO "
    "caption toolkit (pip install --no-deps pycocoevalcap==1.2, 100 MB), then evaluate again."
)


class JavaPartMissing(RuntimeError):
    """A metric needs a Java program that is not installed; the sentence says what to do."""


def java() -> str:
    """The java command. Raises JavaPartMissing."""
    command = shutil.which("java")
    if command is None:
        raise JavaPartMissing(f"There is no Java on this machine. {HOW_TO_ADD}")
    return command


def toolkit_file(name: str) -> Path:
    """A file of the COCO caption toolkit, such as meteor/meteor-1.5.jar. Raises JavaPartMissing."""
    found = importlib.util.find_spec(PACKAGE)
    folders = list(found.submodule_search_locations or []) if found is not None else []
    for folder in folders:
        path = Path(folder) / name
        if path.is_file():
            return path
    raise JavaPartMissing(f"{name} of the COCO caption toolkit is not installed. {HOW_TO_ADD}")
