"""Studies, and what they are made of."""

from collections.abc import Iterable

from annotation.models import Participation, Response, Stimulus, Study


def studies_by_ids(study_ids: Iterable[int]) -> dict[int, Study]:
    return Study.objects.in_bulk(list(study_ids))


def studies_with_top_up() -> list[Study]:
    """Studies in which images get more people until their distributions are known (services/top_up.py)."""
    return list(Study.objects.exclude(top_up={}).order_by("pk"))


def studies_with_machine_texts() -> list[Study]:
    """Studies that show what a network wrote, after an answer (annotation/machine_texts)."""
    return list(Study.objects.filter(machine_texts__is_on=True).exclude(state=Study.CLOSED).order_by("pk"))


def study_of_slug(slug: str) -> Study | None:
    """For commands, which have no person to ask for rights."""
    return Study.objects.filter(slug=slug).first()


def ids_of_studies_with_responses() -> list[int]:
    return list(
        Study.objects.filter(pk__in=Response.objects.order_by().values("study_id").distinct())
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def cohorts_of(study: Study) -> list[str]:
    """The groups that people of the study came in, in order; '' (came by no named way) is none of them."""
    rows = Participation.objects.filter(study=study).exclude(cohort="").order_by("cohort")
    return list(rows.values_list("cohort", flat=True).distinct())


def sources_of(study: Study) -> list[str]:
    """The different source datasets of the study's stimuli, ascending."""
    names = Stimulus.objects.filter(study=study).order_by("source_dataset").values_list("source_dataset", flat=True)
    return list(names.distinct())
