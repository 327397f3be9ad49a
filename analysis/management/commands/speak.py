"""`manage.py speak STUDY --image FILE`: what a study's speaker writes about a picture."""

import json
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.errors import AnnotationError
from annotation.queries import study_of_slug
from annotation.services.decode_image import decode_image
from modelserve.errors import ModelServeError
from modelserve.services.explain_images import explain_images
from modelserve.variants import MACHINE_WRITTEN, VARIANTS

HELP = """Let the speaker that is served for a study explain what people might feel about pictures.

Each line is marked as machine-written, since nobody felt it. --json also tells where the speaker looked for each word.

Variants:
""" + "\n".join(f"  {variant.name:<20}{variant.meaning}" for variant in VARIANTS.values())

EXAMPLES = """

Examples:
  manage.py speak feelings-at-the-lake-1a2b3c4d --image lake.jpg
  manage.py speak feelings-at-the-lake-1a2b3c4d --image lake.jpg --variant grounded --emotion awe --samples 3
  manage.py speak feelings-at-the-lake-1a2b3c4d --image lake.jpg --image wood.jpg --variant grounded_pragmatic --json
"""


class Command(BaseCommand):
    help = HELP + EXAMPLES

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="a study's slug, the end of its address")
        parser.add_argument("--image", action="append", required=True, type=Path, metavar="FILE", help="a picture")
        parser.add_argument("--emotion", help="which one shall be explained; for the grounded variants")
        parser.add_argument("--variant", choices=list(VARIANTS), help="default: grounded with --emotion, else default")
        parser.add_argument("--samples", type=int, default=1, help="texts per picture, the best first (default 1)")
        parser.add_argument("--beam", type=int, default=5, help="width of the search; 0: words drawn by chance")
        parser.add_argument("--temperature", type=float, default=0.3, help="below 1: likely words become likelier")
        parser.add_argument("--top-p", type=float, default=1.0, help="with --beam 0: only the likeliest words")
        parser.add_argument("--seed", type=int, default=2021, help="with --beam 0: of the drawing")
        parser.add_argument("--json", action="store_true", help="one object, with log-probabilities and attention")

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_of_slug(options["study"])
        if study is None:
            raise CommandError(f"There is no study '{options['study']}'. Its slug is the end of its address.")
        # Torch takes seconds: only who writes imports it.
        from modelserve.decoding import Decoding

        variant = options["variant"] or ("grounded" if options["emotion"] else "default")
        decoding = Decoding(
            beam=options["beam"], temperature=options["temperature"], top_p=options["top_p"], seed=options["seed"]
        )
        try:
            decoding.check()
            images = [_picture(path) for path in options["image"]]
            network, found = explain_images(
                study.slug,
                images,
                emotion=options["emotion"],
                variant=variant,
                n=options["samples"],
                decoding=decoding,
            )
        except (OSError, ValueError, AnnotationError, ModelServeError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            facts = [
                {"image": str(path), "explanations": [text.as_json() for text in texts]}
                for path, texts in zip(options["image"], found, strict=True)
            ]
            answer = {"study": study.slug, "version": network.version, "machine_written": True, "images": facts}
            self.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False))
            return
        for path, texts in zip(options["image"], found, strict=True):
            self.stdout.write(f"{path}, {VARIANTS[variant].title.lower()}, speaker version {network.version}:")
            for text in texts:
                emotion = f" ({text.emotion})" if text.emotion else ""
                self.stdout.write(f"  [{MACHINE_WRITTEN.lower()}]{emotion} {text.text}")


def _picture(path: Path) -> bytes:
    """As the study's own images are kept: upright, on white, in the colours that one sees. Raises ImageRefused."""
    with path.open("rb") as file:
        return decode_image(file, str(path)).jpeg
