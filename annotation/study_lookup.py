"""Find a study by what a person types on a command line: its slug, or its title."""

from django.utils.text import slugify

from annotation.errors import InvalidInput
from annotation.models import Study


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
