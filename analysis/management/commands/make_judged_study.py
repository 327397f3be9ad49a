"""`manage.py make_judged_study STUDY --texts FILE`: a study in which people judge explanations of another one."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from analysis.judged.trials import DESIGNS, TURING
from analysis.services.make_judged_study import machine_texts_of_file, make_judged_study
from annotation.errors import AnnotationError, InvalidInput
from annotation.study_lookup import find_study

EXAMPLES = """
examples:
  an emotional Turing test of texts that a network wrote elsewhere
    manage.py make_judged_study feelings-at-the-lake-1a2b3c4d --texts written.csv --manager rosa

  which of two variants explains better
    manage.py make_judged_study feelings-at-the-lake-1a2b3c4d --texts written.csv --design preference

FILE is CSV, TSV, JSON Lines or Parquet with the columns stimulus (key or name), variant and text. The new study is a
draft: read it, preview it, and open it. What people judged:
    manage.py snapshot_analysis NEW-STUDY judged

The networks page of a study does the same with the texts of the speaker that is served there.
"""


class Command(BaseCommand):
    help = "Makes a study in which people judge explanations: emotional Turing test, preference or plausibility."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("study", help="slug or title of the study whose images and people's texts are used")
        parser.add_argument("--texts", required=True, type=Path, metavar="FILE", help="what the network wrote")
        parser.add_argument("--design", default=TURING, choices=DESIGNS, help=f"default {TURING}")
        parser.add_argument("--seed", type=int, default=0, help="of pairs and their order; default 0")
        parser.add_argument("--title", default="", help="of the new study")
        parser.add_argument("--manager", default="", metavar="USER", help="who manages the new study")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            source = find_study(options["study"])
            if source is None:
                raise InvalidInput(f"There is no study {options['study']!r}.")
            user = get_user_model().objects.filter(username=options["manager"]).first()
            if options["manager"] and user is None:
                raise InvalidInput(f"There is no user {options['manager']!r}. Nothing was made.")
            study = make_judged_study(
                source=source,
                design=options["design"],
                machines=machine_texts_of_file(source, options["texts"]),
                seed=options["seed"],
                title=options["title"] or f"Judging texts about {source.title}"[:200],
                user=user,
            )
        except AnnotationError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{study.slug}: {study.stimuli.count():,} trials")
