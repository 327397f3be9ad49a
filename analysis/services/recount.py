"""Counts a study from its responses, compares with the figures that followed every change, and mends what differs."""

import time
from collections.abc import Callable
from typing import Any

from django.db import transaction

from analysis.models import Recount
from analysis.services.count_everything import count_and_replace
from analysis.services.refresh_statistics import bring_up_to_date, keep_recount, lock_mark


def recount(*, study: Any, on_progress: Callable[[int], None] = lambda _: None) -> Recount:
    """One recount, kept as a row. on_progress: told the number of stimuli counted so far; may raise to stop it.

    Changes wait for the statistics meanwhile (some seconds at 85,000 stimuli); saving an answer does not wait.
    """
    began = time.monotonic()
    with transaction.atomic():
        bring_up_to_date(lock_mark())
        differences = count_and_replace(study, on_progress)
        result = keep_recount(study, differences, seconds=time.monotonic() - began)
    return result
