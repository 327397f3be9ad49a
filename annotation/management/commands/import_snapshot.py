"""import_snapshot: bring a whole snapshot back as a study."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from annotation.services.import_snapshot import import_archive, import_snapshot

HELP = """\
Make a closed study out of a whole snapshot, exported by this or another installation: the same responses, the same
statistics, the same snapshot id. The snapshot is verified first; a damaged one imports nothing."""
EXAMPLES = """\
examples:
  manage.py import_snapshot study.zip
  manage.py import_snapshot study.zip --manager rosa
"""


class Command(BaseCommand):
    help = HELP
    requires_system_checks: list[str] = []  # they load every page of the site; its start asks them

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        formatter = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, epilog=EXAMPLES, formatter_class=formatter, **kwargs)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("snapshot", metavar="SNAPSHOT", type=Path, help="zip or folder of a whole snapshot")
        parser.add_argument("--manager", metavar="NAME", help="account that manages the new study")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["snapshot"]
        user = None
        if options["manager"]:
            user = User.objects.filter(username=options["manager"]).first()
            if user is None:
                raise CommandError(f"There is no account {options['manager']!r}. Nothing was imported.")
        try:
            if path.is_dir():
                study = import_snapshot(folder=path, user=user)
            elif path.is_file():
                with tempfile.TemporaryDirectory(prefix="commonground-import-") as scratch, path.open("rb") as file:
                    study = import_archive(file=file, parent=Path(scratch), user=user)
            else:
                raise CommandError(f"There is no file or folder {path}.")
        except AnnotationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(study.slug)
