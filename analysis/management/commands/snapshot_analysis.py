"""`manage.py snapshot_analysis STUDY NAME`: one analysis over a frozen study."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analysis.json_pointer import at_pointer
from analysis.over_snapshots import ANALYSES, analysis_named
from analysis.over_snapshots.snapshot_analysis import no_progress
from analysis.services.analyse_snapshot import store_analysis, store_analysis_of
from annotation.errors import InvalidInput
from annotation.study_lookup import find_snapshot, find_study
from snapshots.errors import SnapshotError
from snapshots.reader import open_snapshot
from snapshots.version import code_version

EXAMPLES = """
examples:
  manage.py snapshot_analysis feelings-at-the-lake-1a2b3c4d NAME > found.json
  manage.py snapshot_analysis exports/5f0c.../ NAME --option seed=7
  manage.py snapshot_analysis feelings-at-the-lake-1a2b3c4d agreement --snapshot 5f0c9a2b41de \\
      --at /result/estimates/krippendorff_alpha/value

A study is frozen first (without --snapshot), and what was found is kept for its page. The folder of a snapshot is only
read.
Prints one JSON object: snapshot, name, definition, options, code_version, result; --at prints
one place in it alone, named by a JSON pointer (RFC 6901), as the last table of a report does.
"""


class Command(BaseCommand):
    help = "Runs one analysis over a frozen study: " + ", ".join(analysis.name for analysis in ANALYSES) + "."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        known = "\n".join(f"  {each.name:<16} {each.title}: {each.definition}" for each in ANALYSES)
        parser.epilog = f"analyses:\n{known}\n{EXAMPLES}"
        parser.add_argument("study", help="a study's slug or its title, or the folder of a snapshot")
        parser.add_argument("name", help="which analysis")
        parser.add_argument("--snapshot", metavar="ID", default="", help="an earlier snapshot: its id or how it begins")
        parser.add_argument("--at", metavar="POINTER", default="", help="print only what stands there in the object")
        parser.add_argument(
            "--option", action="append", default=[], metavar="NAME=VALUE", help="may be repeated; the value is JSON"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            analysis = analysis_named(options["name"])
            whole = analysis.options_with_defaults(dict(_option(word) for word in options["option"]))
            study = find_study(options["study"])
            if study is not None:
                if options["snapshot"]:
                    record = find_snapshot(study, options["snapshot"])
                    row = store_analysis_of(
                        study=study,
                        snapshot_id=record.snapshot_id,
                        analysis=analysis,
                        options=whole,
                        progress=no_progress,
                    )
                else:
                    row = store_analysis(study=study, analysis=analysis, options=whole, progress=no_progress)
                snapshot_id, result = row.snapshot_id, row.result
            elif Path(options["study"]).is_dir():
                snapshot = open_snapshot(options["study"])
                snapshot_id, result = snapshot.id, analysis.run(snapshot, whole, no_progress)
            else:
                raise InvalidInput(
                    f"There is no study and no snapshot folder {options['study']!r}. A study's slug is the end of its "
                    "address: https://.../studies/SLUG."
                )
        except (InvalidInput, SnapshotError) as error:
            raise CommandError(str(error)) from error
        found = {
            "snapshot": snapshot_id,
            "name": analysis.name,
            "definition": analysis.definition,
            "source": analysis.source,
            "options": whole,
            "code_version": code_version(),
            "result": result,
        }
        try:
            chosen = at_pointer(found, options["at"])
        except LookupError as error:
            raise CommandError(str(error.args[0])) from error
        self.stdout.write(json.dumps(chosen, ensure_ascii=False, allow_nan=False))


def _option(word: str) -> tuple[str, Any]:
    name, _, value = word.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
