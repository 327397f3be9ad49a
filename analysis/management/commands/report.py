"""`manage.py report STUDY`: a study's methods and results as a paper's section."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analysis.over_snapshots.snapshot_analysis import no_progress
from analysis.report.as_markdown import markdown_files
from analysis.report.chapters import CHAPTER_NAMES
from analysis.report.write import Written
from analysis.services.write_report import FORMATS, chapters_named, report_of_folder, report_of_study
from annotation.errors import InvalidInput
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.study_lookup import find_snapshot, find_study
from snapshots.errors import SnapshotError
from snapshots.reader import open_snapshot

EXAMPLES = """
examples:
  manage.py report feelings-at-the-lake-1a2b3c4d --format pdf --out report.pdf
  manage.py report feelings-at-the-lake-1a2b3c4d --snapshot 5f0c9a2b41de --format md --out report.md
  manage.py report exports/5f0c.../ --with all --format html --out report.html

Without --snapshot the study is frozen as it is now. Without --with, the sections that rest on analyses of their own are
those that were computed for the snapshot by now; the report names the others. The same snapshot, sections and version
of the program give the same bytes.
Markdown has its drawings as SVG files in a folder `figures` beside it.
"""


class Command(BaseCommand):
    help = "Writes a study's methods and results with tables and figures, from a snapshot, as HTML, Markdown or PDF."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("study", help="a study's slug or its title, or the folder of a snapshot")
        parser.add_argument("--format", choices=list(FORMATS), default="html", help="default: html")
        parser.add_argument("--snapshot", metavar="ID", default="", help="an earlier snapshot: its id or how it begins")
        parser.add_argument(
            "--with",
            metavar="NAMES",
            default="",
            dest="chapters",
            help=f"sections to compute where they are missing: {', '.join(CHAPTER_NAMES)}, with commas; all; none",
        )
        parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="the file to write; must not exist")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["out"]
        try:
            chapters = chapters_named(options["chapters"]) if options["chapters"] else None
            written = self._written(options["study"], options["snapshot"], chapters)
        except (InvalidInput, SnapshotError) as error:
            raise CommandError(str(error)) from error
        if options["format"] == "md":
            files = {
                target if name == "report.md" else target.parent / name: content
                for name, content in markdown_files(written.report).items()
            }
        else:
            files = {target: FORMATS[options["format"]][0](written.report)}
        if there := [str(path) for path in files if path.exists()]:
            raise CommandError(f"{there[0]} exists already; name another file. Nothing was written.")
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.stdout.write(f"{target}: {len(written.printed):,} figures, {dict(written.report.facts)['Snapshot']}")

    def _written(self, name: str, snapshot: str, chapters: tuple[str, ...] | None) -> Written:
        study = find_study(name)
        if study is not None:
            chosen = find_snapshot(study, snapshot) if snapshot else freeze_snapshot(study=study)
            return report_of_study(study=study, snapshot_id=chosen.snapshot_id, progress=no_progress, chapters=chapters)
        if Path(name).is_dir():
            return report_of_folder(
                snapshot=open_snapshot(name), name=name, progress=no_progress, chapters=chapters or ()
            )
        raise InvalidInput(
            f"There is no study and no snapshot folder {name!r}. A study's slug is the end of its address: "
            "https://.../studies/SLUG."
        )
