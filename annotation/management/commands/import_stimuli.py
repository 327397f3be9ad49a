"""Bring stimuli into a study."""

import argparse
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from annotation.models import Study
from annotation.services.import_stimuli import ImportedStimuli, import_archive, import_folder, import_manifest
from annotation.services.read_table import KINDS
from annotation.study_lookup import find_study

HELP = """\
Import stimuli into a study from a folder of images, a zip of images, or a manifest (CSV, TSV, JSON Lines, Parquet).

Every image is decoded and written anew as JPEG, without metadata. Everything is checked before anything is imported:
one bad image or row, and nothing is imported, and each is named with the reason. The same image twice is one stimulus,
so a repeated import adds nothing. Stimuli may be added while a study is open."""
EXAMPLES = """\
examples:
  a folder, a zip
    manage.py import_stimuli lakes-1a2b3c4d photographs/
    manage.py import_stimuli lakes-1a2b3c4d photographs.zip --source-dataset oasis

  a manifest; its columns: path (relative to the manifest) or url or, for a stimulus without an image, name;
  source_dataset, description; any other column is kept as metadata of the stimulus
    manage.py import_stimuli lakes-1a2b3c4d photographs.csv

      path,description,valence
      lake_1.jpg,A lake at dawn,5.9
"""


class Command(BaseCommand):
    help = HELP
    requires_system_checks: list[str] = []  # they load every page of the site; its start asks them

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="slug or title of the study")
        parser.add_argument("source", metavar="FOLDER|ZIP|MANIFEST", type=Path, help="what is to be imported")
        parser.add_argument(
            "--source-dataset",
            default="",
            metavar="NAME",
            help="data set the images come from, unless a row of a manifest says another",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        try:
            study = find_study(options["study"])
            if study is None:
                raise CommandError(f"There is no study {options['study']!r}. Make it in the browser first.")
            result = self._import(study, options["source"], options["source_dataset"])
        except AnnotationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"{study.slug}: {result.n_added:,} stimuli added out of {result.n_read:,} in "
            f"{time.monotonic() - began:.1f} s; {result.n_duplicates:,} were there already."
        )

    def _import(self, study: Study, source: Path, source_dataset: str) -> ImportedStimuli:
        if source.is_dir():
            return import_folder(study=study, folder=source, source_dataset=source_dataset, progress=self._tell)
        if not source.exists():
            raise CommandError(f"There is no {source}.")
        if source.suffix.lower() == ".zip":
            return import_archive(study=study, path=source, source_dataset=source_dataset, progress=self._tell)
        if source.suffix.lower() not in KINDS:
            raise CommandError(f"{source.name} is neither a folder, nor a zip, nor a manifest ({', '.join(KINDS)}).")
        # whoever has a shell here may read these files anyway, so paths may lead anywhere
        return import_manifest(
            study=study,
            path=source,
            root=source.resolve().parent,
            root_is_fence=False,
            source_dataset=source_dataset,
            progress=self._tell,
        )

    def _tell(self, done: int, total: int, message: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"{message}: {done:,} of {total:,}", ending="\r")
