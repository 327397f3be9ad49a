"""simulate: a dry run of a study."""

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.errors import AnnotationError
from annotation.services.remove_simulated import remove_simulated
from annotation.services.simulate_responses import simulate_responses
from annotation.study_lookup import find_study


class Command(BaseCommand):
    help = """Let a simulated crowd answer an open study, before you pay anyone.

The answers follow the images' valence and arousal (metadata valence_mean and arousal_mean, 1 to 7, where you have
them) and each annotator's habits; docs/researcher/simulator.md gives the formulas. Everything simulated is marked so in
every table, page, statistic and export. The same seed gives the same crowd.

Examples:
  manage.py simulate feelings-at-the-lake-1a2b3c4d --annotators 50
  manage.py simulate feelings-at-the-lake-1a2b3c4d --annotators 50 --responses 300 --seed 7
  manage.py simulate feelings-at-the-lake-1a2b3c4d --remove"""

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="slug or title of the study")
        parser.add_argument("--annotators", type=int, default=50, help="how many people (default 50)")
        parser.add_argument("--responses", type=int, help="stop after this many (default: until nothing is left)")
        parser.add_argument("--seed", type=int, default=0, help="another seed is another crowd (default 0)")
        parser.add_argument("--remove", action="store_true", help="remove all simulated responses instead")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            study = find_study(options["study"])
            if study is None:
                raise CommandError(f"There is no study {options['study']!r}. Its address stands in /studies/<slug>/.")
            if options["remove"]:
                self.stdout.write(f"Removed {remove_simulated(study=study)} simulated responses.")
                return
            done = simulate_responses(
                study=study,
                n_annotators=options["annotators"],
                seed=options["seed"],
                most_responses=options["responses"],
                progress=self._progress,
            )
        except AnnotationError as error:
            raise CommandError(error.message) from error
        hours = done.seconds_worked / 3600
        self.stdout.write(
            f"{done.n_annotators} simulated annotators gave {done.n_responses} responses ({done.n_skipped} skipped, "
            f"{done.n_revised} revised); people would have worked about {hours:.1f} hours."
        )

    def _progress(self, done: int, total: int | None) -> None:
        if done and done % 500 == 0:
            self.stdout.write(f"{done} responses" + (f" of {total}" if total else ""))
