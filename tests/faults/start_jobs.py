"""Run beside the site: asks for a training and an export of a study; prints the ids of their jobs.

usage: python -m tests.faults.start_jobs train|export SLUG
"""

import os
import sys

import django

EPOCHS = 250


def main(kind: str, slug: str) -> None:
    from annotation.models import Study
    from annotation.services.freeze_snapshot import freeze_snapshot
    from jobs.services import start_job
    from modelserve.services import start_training

    if kind == "export":
        print(start_job("export", study_key=slug, arguments={"format": "csv"}).pk)
        return
    record = freeze_snapshot(study=Study.objects.get(slug=slug))
    run = start_training(
        study_key=slug,
        task="text_emotion",
        snapshot_id=record.snapshot_id,
        snapshot_location=f"snapshots/{record.snapshot_id}",
        options={"epochs": EPOCHS, "stop_patience": 1000, "device": "cpu"},
    )
    assert run.job is not None
    print(run.job.pk)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    main(*sys.argv[1:])
