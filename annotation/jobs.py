"""Background work of collecting."""

from celery import shared_task

from annotation.services.assign import expire_leases


@shared_task(name="annotation.expire_leases")
def expire_due_leases() -> None:
    expire_leases()
