"""Find a study by what a person types on a command line: its slug, or its title."""

from django.utils.text import slugify

from annotation.errors import InvalidInput
from annotation.models import SnapshotRecord, Study


def find_study(name: str) -> Study | None:
    """The study with this slug; else the only one whose title reads so. Raises InvalidInput if several do."""
    study = Study.objects.filter(slug=name).first()
    if study is not None:
        return study
    wanted = slugify(name).replace("_", "-")
    titled = [study for study in Study.objects.all() if wanted and slugify(study.title).replace("_", "-") == wanted]
    if len(titled) > 1:
        slugs = ", ".join(study.slug for study in titled)
        raise InvalidInput(f"{len(titled)} studies are called {name!r}. Name one by its slug: {slugs}.")
    return titled[0] if titled else None


def find_snapshot(study: Study, begins: str) -> SnapshotRecord:
    """The study's snapshot whose id is, or begins with, these digits. Raises InvalidInput if there is not just one."""
    records = list(SnapshotRecord.objects.filter(study=study, snapshot_id__startswith=begins or "-")[:2])
    if len(records) != 1:
        how_many = "Several snapshots" if records else "No snapshot"
        raise InvalidInput(f"{how_many} of {study.slug} begin with {begins!r}; the page Export lists them all.")
    return records[0]
