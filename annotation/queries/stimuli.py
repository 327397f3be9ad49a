"""Stimuli as lists and pages show them, and how much of them is open."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.core.cache import caches
from django.db.models import Exists, OuterRef, Sum

from annotation.models import Response, Stimulus, Study

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


def n_wanted(study: Study) -> int:
    """How many responses all stimuli of the study want together, at most half a minute old."""
    key = f"n_wanted/{study.pk}"
    wanted = caches["local"].get(key)
    if wanted is None:
        wanted = Stimulus.objects.filter(study=study).aggregate(n=Sum("wanted"))["n"] or 0
        caches["local"].set(key, wanted, COUNT_SECONDS)
    return int(wanted)


@dataclass(frozen=True)
class StimulusFace:
    """What a list shows of a stimulus."""

    id: int
    key: str
    name: str
    description: str
    source_dataset: str
    image_sha256: str
    width: int | None
    height: int | None
    wanted: int


def stimulus_keys(stimulus_ids: Sequence[int]) -> dict[int, str]:
    """Key of each stimulus that still exists."""
    return dict(Stimulus.objects.filter(pk__in=stimulus_ids).values_list("pk", "key"))


def stimulus_ids_in_chunks(study: Study, size: int) -> Iterator[list[int]]:
    """The ids of all stimuli of a study, ascending, `size` at a time."""
    last = 0
    while ids := list(
        Stimulus.objects.filter(study=study, pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size]
    ):
        yield ids
        last = ids[-1]


def stimuli_with_images(study: Study) -> list[tuple[str, str]]:
    """(key, sha256 of the image) of the stimuli that have an image and an accepted response, ascending by key."""
    answered = Response.objects.filter(stimulus_id=OuterRef("pk"), status=Response.ACCEPTED)
    rows = Stimulus.objects.filter(Exists(answered), study=study).exclude(image_sha256="").order_by("key")
    return list(rows.values_list("key", "image_sha256"))


def stimulus_sources(stimulus_ids: Sequence[int]) -> dict[int, str]:
    return dict(Stimulus.objects.filter(pk__in=stimulus_ids).values_list("pk", "source_dataset"))


_FACE = ("id", "key", "name", "description", "source_dataset", "image_sha256", "width", "height", "wanted")


def stimuli_by_ids(stimulus_ids: Iterable[int]) -> dict[int, StimulusFace]:
    rows = Stimulus.objects.filter(pk__in=list(stimulus_ids)).values_list(*_FACE)
    return {row[0]: StimulusFace(*row) for row in rows}


def stimulus_by_key(study: Study, key: str) -> StimulusFace | None:
    row = Stimulus.objects.filter(study=study, key=key).values_list(*_FACE).first()
    return StimulusFace(*row) if row else None


def stimulus_ids_by_key(study: Study, keys: Iterable[str]) -> dict[str, int]:
    """{stimulus key: id}, for those of the keys that are in the study."""
    return dict(Stimulus.objects.filter(study=study, key__in=list(keys)).values_list("key", "pk"))


def images_by_key(study: Study, keys: Iterable[str]) -> dict[str, str]:
    """{stimulus key: sha256 of its image, '' where it has none}, for those of the keys that are in the study."""
    return dict(Stimulus.objects.filter(study=study, key__in=list(keys)).values_list("key", "image_sha256"))


def sources_by_key(study: Study, keys: Iterable[str]) -> dict[str, str]:
    """{stimulus key: the dataset it came from, '' where none is named}, for those of the keys that are in the study."""
    return dict(Stimulus.objects.filter(study=study, key__in=list(keys)).values_list("key", "source_dataset"))
