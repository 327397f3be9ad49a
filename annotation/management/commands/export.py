"""export: write a study, or one of its snapshots, to a file."""

import argparse
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from annotation.models import SnapshotRecord
from annotation.services.export_snapshot import export_snapshot
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.study_lookup import find_study
from snapshots.exports import EXPORT_FORMATS

HELP = (
    "Export a study's responses to a file. Without --snapshot the study is frozen as it is now.\n\nformats:\n"
    + "\n".join(f"  {name:24}{export.sentence}" for name, export in EXPORT_FORMATS.items())
)
EXAMPLES = """\
examples:
  manage.py export feelings-at-the-lake-1a2b3c4d --format csv --to responses.csv
  manage.py export feelings-at-the-lake-1a2b3c4d --format snapshot --to study.zip
  manage.py import_snapshot study.zip        (here, or on another installation)
"""


class Command(BaseCommand):
    help = HELP
    requires_system_checks: list[str] = []  # they load every page of the site; its start asks them

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        formatter = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, epilog=EXAMPLES, formatter_class=formatter, **kwargs)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="slug or title of the study")
        parser.add_argument("--format", choices=list(EXPORT_FORMATS), default="csv", help="see above (default: csv)")
        parser.add_argument("--snapshot", metavar="ID", default="", help="an earlier snapshot: its id or how it begins")
        parser.add_argument("--to", metavar="FILE", type=Path, required=True, help="the file to write; must not exist")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["to"]
        if target.exists():
            raise CommandError(f"{target} exists already; name another file. Nothing was written.")
        if not target.parent.is_dir():
            raise CommandError(f"There is no folder {target.parent} to write {target.name} into. Nothing was written.")
        try:
            study = find_study(options["study"])
            if study is None:
                raise CommandError(f"There is no study {options['study']!r}.")
            if options["snapshot"]:
                records = SnapshotRecord.objects.filter(study=study, snapshot_id__startswith=options["snapshot"])
                if len(records) != 1:
                    raise CommandError(f"{len(records)} snapshots of this study begin with {options['snapshot']!r}.")
                snapshot_id = records[0].snapshot_id
            else:
                snapshot_id = freeze_snapshot(study=study).snapshot_id
            exported = export_snapshot(
                snapshot_id=snapshot_id, format_name=options["format"], folder="exports/commands"
            )
        except AnnotationError as error:
            raise CommandError(error.message) from error
        try:
            _fetch(exported.storage_name, target)
        except OSError as error:
            raise CommandError(f"{target} could not be written ({error.strerror}); nothing is left of it.") from error
        finally:
            default_storage.delete(exported.storage_name)
        self.stdout.write(f"{target}: {exported.bytes} bytes, snapshot {snapshot_id}")


def _fetch(storage_name: str, target: Path) -> None:
    """The file gets its name when it is whole."""
    making = target.with_name(f".{target.name}.{secrets.token_hex(4)}.making")
    try:
        with default_storage.open(storage_name) as source, making.open("xb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
        os.link(making, target)  # never takes the place of a file that came meanwhile
    finally:
        making.unlink(missing_ok=True)
