"""make_world: freeze a generated world, in which every answer is known, into the folder of a snapshot."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from modelserve.world import World, WorldOptions
from modelserve.world.freeze import freeze_world
from snapshots.errors import SnapshotError

HELP = """\
Make a generated world and freeze it into a snapshot: small scenes, the emotions they stir, explanations. Everything
follows from the seed, and what is true of every image is known exactly, so a network can be measured against the best
possible. Every response is marked as simulated; nothing in it is human data."""
EXAMPLES = """\
examples:
  manage.py make_world --images 2000 --out var/world
  manage.py train var/world --task image_emotion --out var/network
  manage.py import_snapshot var/world          (to see it as a study)
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        formatter = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, epilog=EXAMPLES, formatter_class=formatter, **kwargs)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        usual = WorldOptions()
        parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the new snapshot's folder")
        parser.add_argument("--images", type=int, default=2000, help="how many images (default 2000)")
        parser.add_argument("--responses", type=int, default=6, help="responses per image (default 6)")
        parser.add_argument("--seed", type=int, default=usual.seed, help="of everything (default 0)")
        parser.add_argument("--side", type=int, default=usual.side, help="pixels of a side of an image (default 64)")
        parser.add_argument("--annotators", type=int, default=usual.n_annotators, help="in the pool (default 200)")
        parser.add_argument(
            "--strength",
            type=float,
            default=usual.strength,
            help="how clearly scenes speak for emotions: 0 not at all, 1 about as in Affection (default)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        def progress(done: int, total: int) -> None:
            if done % max(1, total // 20) == 0:
                self.stderr.write(f"{100 * done // total} %")

        try:
            world = World(
                WorldOptions(
                    seed=options["seed"],
                    side=options["side"],
                    n_annotators=options["annotators"],
                    strength=options["strength"],
                )
            )
            snapshot = freeze_world(
                world, options["images"], options["responses"], folder=options["out"], progress=progress
            )
        except (ValueError, SnapshotError) as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"{snapshot.n_responses} simulated responses on {options['images']} generated images")
        self.stdout.write(snapshot.id)
