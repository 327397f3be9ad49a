"""Ask for a speaker's texts to be measured anew."""

from typing import Any

from jobs.models import Job
from jobs.services import start_job
from modelserve.errors import NetworkNotFound
from modelserve.models import Network

JOB_KIND = "measure_captions"


def start_measuring_captions(*, study_key: str, network_id: int, user: Any = None) -> Job:
    """The job that measures; asked again while it waits or runs, the same one. Raises NetworkNotFound."""
    network = Network.objects.filter(study_key=study_key, pk=network_id, task="speaker").first()
    if network is None:
        raise NetworkNotFound(f"This study has no speaker with the number {network_id}. Nothing was measured.")
    arguments = {"network": network.pk}
    waiting = Job.objects.filter(kind=JOB_KIND, study_key=study_key, arguments=arguments)
    under_way = waiting.exclude(state__in=Job.ENDED).first()
    return under_way or start_job(JOB_KIND, study_key=study_key, arguments=arguments, user=user)
