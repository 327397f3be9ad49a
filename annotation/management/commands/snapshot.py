"""snapshot: freeze a study."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.study_lookup import find_study

HELP = """\
Freeze a study into a snapshot: an immutable copy of all its responses, named by the hash of its content.

The same data give the same id on any machine, so a paper can cite it. Freezing twice finds the first one."""
EXAMPLES = """\
examples:
  manage.py snapshot feelings-at-the-lake-1a2b3c4d
  manage.py snapshot "Feelings at the lake"
"""


class Command(BaseCommand):
    help = HELP
    requires_system_checks: list[str] = []  # they load every page of the site; its start asks them

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        formatter = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, epilog=EXAMPLES, formatter_class=formatter, **kwargs)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="slug or title of the study")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            study = find_study(options["study"])
            if study is None:
                raise CommandError(f"There is no study {options['study']!r}.")
            record = freeze_snapshot(study=study)
        except AnnotationError as error:
            raise CommandError(error.message) from error
        self.stderr.write(
            f"{record.n_responses} responses ({record.n_simulated} simulated) on {record.n_stimuli} stimuli by "
            f"{record.n_annotators} annotators"
        )
        self.stdout.write(record.snapshot_id)
