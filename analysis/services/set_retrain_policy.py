"""Set, change or end the rule by which a study's network learns again by itself."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from analysis.queries import study_statistics
from analysis.retrain_policy import RetrainPolicy
from annotation.errors import InvalidInput
from annotation.models import Study
from modelserve.options import parse_options


@transaction.atomic
def set_retrain_policy(
    *, study: Study, task: str, rule: str, number: int, options: Mapping[str, Any] | None = None, user: Any = None
) -> RetrainPolicy:
    """One rule per study and task, counted from now; the earlier rule is replaced.

    Raises InvalidInput, BadTrainingOption; then the earlier rule stays.
    """
    if rule not in RetrainPolicy.RANGES:
        raise InvalidInput(f"rule: {rule!r} is unknown; known are {', '.join(RetrainPolicy.RANGES)}.")
    least, most = RetrainPolicy.RANGES[rule]
    if not least <= number <= most:
        raise InvalidInput(
            f"number: got {number}; with this rule it lies between {least:,} and {most:,}. The rule was not changed."
        )
    policy, _ = RetrainPolicy.objects.update_or_create(
        study_id=study.pk,
        task=task,
        defaults={
            "rule": rule,
            "number": number,
            "options": parse_options(task, options).as_json(),
            "last_n_responses": n_accepted(study.pk),
            "last_at": timezone.now(),
            "trouble": "",
            "set_by": user,
        },
    )
    return policy


def end_retrain_policy(*, study: Study, task: str) -> None:
    """No training by itself any more; what runs goes on."""
    RetrainPolicy.objects.filter(study_id=study.pk, task=task).delete()


def n_accepted(study_id: int) -> int:
    """Accepted responses, as of a few seconds ago: the statistics' own count, so that asking costs nothing."""
    statistics = study_statistics(study_id)
    return statistics.n_responses if statistics else 0
