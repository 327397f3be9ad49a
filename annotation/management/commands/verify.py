"""verify: is a snapshot what its name says?"""

import argparse
import hashlib
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError

from annotation.models import SnapshotRecord
from snapshots.archive import extract_archive
from snapshots.errors import SnapshotError
from snapshots.local_copy import image_name, local_copy
from snapshots.reader import open_snapshot
from snapshots.verify import verify

HELP = """\
Read every byte of a snapshot and compare it with the hashes it is named by.

SNAPSHOT is a folder, the zip of a whole snapshot, or the id of a snapshot in this installation's storage, whose images
are read there. Ends with code 0 and the id if it is sound, else with code 1 and one line per problem. Says so, where
this installation knows that people withdrew answers which the snapshot holds."""
HOLDS_WITHDRAWN = "Sound, and it holds answers that people withdrew after it was frozen: use a newer snapshot."
EXAMPLES = """\
examples:
  manage.py verify study.zip
  manage.py verify downloads/3f2c.../
  manage.py verify 3f2c9a... (all 64 digits)
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        formatter = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, epilog=EXAMPLES, formatter_class=formatter, **kwargs)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("snapshot", metavar="SNAPSHOT", help="folder, zip, or id")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["snapshot"]
        with tempfile.TemporaryDirectory(prefix="commonground-verify-") as scratch:
            try:
                folder = self._folder(name, Path(scratch))
                problems = verify(folder)
                if not problems and name == folder.name and not Path(name).exists():
                    problems = _image_problems(folder)
                if problems:
                    raise CommandError("\n".join(problems))
                snapshot_id = open_snapshot(folder).id
                self.stdout.write(snapshot_id)
                if SnapshotRecord.objects.filter(snapshot_id=snapshot_id, contains_withdrawn=True).exists():
                    self.stderr.write(HOLDS_WITHDRAWN)
            except SnapshotError as error:
                raise CommandError(str(error)) from error

    def _folder(self, name: str, scratch: Path) -> Path:
        path = Path(name)
        if path.is_dir():
            return path
        if path.is_file():
            with path.open("rb") as file:
                return extract_archive(file, scratch).folder
        if len(name) == 64 and set(name) <= set("0123456789abcdef"):
            cache = Path(settings.CACHE_DIR) / "storage"
            return local_copy(default_storage, name, cache, with_images=False).folder
        raise CommandError(f"{name} is no folder, no file and no snapshot id (64 hex digits).")


def _image_problems(folder: Path) -> list[str]:
    """What is wrong with the images of a snapshot in the storage, where they lie once for all snapshots."""
    problems = []
    for sha256 in open_snapshot(folder).stimuli()["image_sha256"].unique().to_pylist():
        if sha256 is None:
            continue
        try:
            with default_storage.open(image_name(sha256)) as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # reads bytes
        except FileNotFoundError:
            problems.append(f"{image_name(sha256)}: missing in the storage.")
            continue
        if found != sha256:
            problems.append(f"{image_name(sha256)}: the bytes have changed; their sha256 is {found}.")
    return problems
