"""Reads with a name a researcher would use; what other apps may know of this one."""

from django.core.cache import caches

from annotation.models import Stimulus, Study

COUNT_SECONDS = 30


def n_available(study: Study) -> int:
    """Number of the study's stimuli, at most half a minute old: the annotator's progress line needs no more.

    Kept in the process, so that the way of a response needs nothing but the database.
    """
    key = f"n_stimuli/{study.pk}"
    count = caches["local"].get(key)
    if count is None:
        count = Stimulus.objects.filter(study=study).count()
        caches["local"].set(key, count, COUNT_SECONDS)
    return int(count)
