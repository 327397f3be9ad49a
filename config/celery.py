"""Background work. One generic task runs every job by its row (jobs/); settings stand in config/queues.py."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# the statistics work on several processors themselves; products of matrices that do so, too, would only wait
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

app = Celery("commonground")
app.config_from_object("config.queues")
app.autodiscover_tasks(["jobs", "annotation", "analysis", "modelserve"], related_name="jobs")
