"""Ask for a speaker's texts to be measured anew."""

from typing import Any

from jobs.models import Job
from jobs.queries import under_way
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
    same = under_way(study_key, JOB_KIND, arguments=arguments)
    return same or start_job(JOB_KIND, study_key=study_key, arguments=arguments, user=user)
