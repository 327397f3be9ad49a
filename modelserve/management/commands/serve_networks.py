"""`manage.py serve_networks`: the process that holds networks and answers questions to them, one per device."""

import signal
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from modelserve.errors import BadTrainingOption


class Command(BaseCommand):
    help = """Hold networks in memory and answer questions to them, all that come together in one batch.

Start one per device; `make up` starts one on the processor. Several share the questions that wait. A network is loaded
when it is first asked for, or just before it is promoted, and stays. SIGTERM ends it after the batch in hand.

Examples:
  manage.py serve_networks
  manage.py serve_networks --device cuda:1
  manage.py serve_networks --batch 1        answers each question alone, to compare"""

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--device", default="cpu", help="cpu (default), cuda, or one of several: cuda:1")
        parser.add_argument("--batch", type=int, default=64, help="questions answered at once, at most (default 64)")
        parser.add_argument("--networks", type=int, default=4, help="networks kept in memory (default 4)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["batch"] <= 1024:
            raise CommandError(f"--batch: got {options['batch']}; allowed is 1 to 1024.")
        if not 1 <= options["networks"] <= 1000:
            raise CommandError(f"--networks: got {options['networks']}; allowed is 1 to 1000.")
        # Torch takes seconds and hundreds of megabytes: only this command holds networks.
        from modelserve.serving.process import ServingProcess
        from modelserve.training import choose_device

        try:
            choose_device(options["device"])
        except BadTrainingOption as error:
            raise CommandError(str(error)) from error
        process = ServingProcess(
            device=options["device"], batch=options["batch"], capacity=options["networks"], say=self._say
        )
        signal.signal(signal.SIGTERM, lambda number, frame: process.stop())
        signal.signal(signal.SIGINT, lambda number, frame: process.stop())
        self._say("The process that answers for networks is ready.")
        process.run()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
