"""first_start: what an empty installation needs before its first page."""

import secrets
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from annotation.services.load_demo import load_demo
from annotation.views.account import ONE_TIME

ADMIN = "admin"


class Command(BaseCommand):
    help = """Make the first admin, with a one-time password, and the demo study.

Does nothing where an admin or the demo study exists already, so it may run any number of times. `make up` runs it on
the first start.

Examples:
  manage.py first_start
  manage.py first_start --no-demo"""

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="make the admin only")

    def handle(self, *args: Any, **options: Any) -> None:
        # the demo first: if it is cut off, the next start tells the password, and not to an empty room
        if not options["no_demo"]:
            load_demo(say=self._say)
        if User.objects.filter(is_superuser=True).exists():
            self._say("There is an admin already; nothing was changed.")
            return
        password = secrets.token_urlsafe(12)
        with transaction.atomic():
            admin = User.objects.create_superuser(ADMIN, password=password)
            admin.groups.add(Group.objects.get(name=ONE_TIME))
        self._say(f"Sign in as {ADMIN} with the one-time password {password}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
