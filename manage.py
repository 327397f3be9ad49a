#!/usr/bin/env python
"""Django's command line for Commonground: `python manage.py help` lists the commands.

Where no database is named it works on the data of `make up`, whether that is running or not.
"""

import gc
import os
import sys

if __name__ == "__main__":
    # loading the site, and reading long files, makes many objects and hardly a circle of them to look for
    gc.set_threshold(100_000)
    if not os.environ.get("DATABASE_URL"):
        from launcher.__main__ import main

        sys.exit(main(["manage", *sys.argv[1:]]))

    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    execute_from_command_line(sys.argv)
