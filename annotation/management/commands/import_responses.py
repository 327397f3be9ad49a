"""Bring in responses that were given elsewhere."""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import slug_re

from annotation.errors import AnnotationError
from annotation.services.import_responses import import_responses
from annotation.study_lookup import find_study

PARTS = ("worker", "item", "label", "text", "source")
HELP = """\
Import responses from a file: CSV, TSV, JSON Lines or Parquet.

STUDY is the slug (or the title) of a study. If there is none, it is made, closed, with the labels and the stimuli that
the file names. All rows are imported, or none: every row that cannot be used is named with its field and the reason.

The same worker and item twice is a revision: the last row counts, the earlier one is kept. Worker ids never become
pseudonyms; they are kept in the table of identities, so that a later import finds the same person."""
EXAMPLES = """\
examples:
  plain columns worker,item,label (and explanation, where there is one)
    manage.py import_responses face_sentiment labels.csv

  columns of another name
    manage.py import_responses tweets votes.tsv --worker-column user --item-column tweet_id --label-column sentiment

  Affection's public files, raw or preprocessed, are recognised by their header
    manage.py import_responses affection affection.csv --manager rosa

  so are the CSV, JSON Lines and Parquet files that `export` writes
    manage.py import_responses lake-again responses.parquet

  how the numbers came out
    manage.py analyze face_sentiment --json
"""


class Command(BaseCommand):
    help = HELP
    requires_system_checks: list[str] = []  # they load every page of the site; its start asks them

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="slug or title of the study; it is made if there is none")
        parser.add_argument("file", metavar="FILE", type=Path, help="the file: .csv, .tsv, .jsonl or .parquet")
        parser.add_argument("--worker-column", metavar="NAME", help="who answered (default: worker)")
        parser.add_argument("--item-column", metavar="NAME", help="what was answered about (default: item)")
        parser.add_argument("--label-column", metavar="NAME", help="the label that was chosen (default: label)")
        parser.add_argument("--text-column", metavar="NAME", help="the words (default: explanation, if any; '' = none)")
        parser.add_argument(
            "--source-column", metavar="NAME", help="an item's data set (default: source_dataset; '' = none)"
        )
        parser.add_argument("--text-optional", action="store_true", help="a new study takes rows without words as well")
        parser.add_argument("--language", default="", metavar="CODE", help="language of the words, such as en")
        parser.add_argument("--title", default="", help="title of a study that is made (default: STUDY)")
        parser.add_argument("--manager", default="", metavar="USER", help="user name of the manager of a made study")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        try:
            study = find_study(options["study"])
            if study is None and not slug_re.fullmatch(options["study"]):
                raise CommandError(
                    f"There is no study {options['study']!r}, and none can be made of that name: only letters, digits, "
                    "hyphens and underscores."
                )
            result = import_responses(
                path=options["file"],
                study=study,
                new_slug=options["study"],
                title=options["title"],
                columns={part: name for part in PARTS if (name := options[f"{part}_column"]) is not None},
                text_optional=options["text_optional"],
                language=options["language"],
                user=self._manager(options["manager"]),
                progress=lambda done, message: self._tell(options, f"{message}: {done:,}"),
            )
        except AnnotationError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps(result.as_dict()))
            return
        self.stdout.write(
            f"{result.study}: {result.n_rows:,} rows read in {time.monotonic() - began:.1f} s; "
            f"{result.n_responses:,} responses of {result.n_annotators:,} new annotators on {result.n_stimuli:,} new "
            f"stimuli, {result.n_revisions:,} revisions, {result.n_unchanged:,} rows unchanged."
            + (f" {result.n_surplus:,} further rows were surplus and stay out." if result.n_surplus else "")
        )
        if result.made_study:
            self.stdout.write(f"Made the study {result.study} (closed) with the labels {', '.join(result.labels)}.")

    def _manager(self, name: str) -> Any:
        if not name:
            return None
        user = get_user_model().objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no user {name!r}. Nothing was imported.")
        return user

    def _tell(self, options: dict[str, Any], line: str) -> None:
        if not options["json"] and self.stderr.isatty():
            self.stderr.write(line, ending="\r")
