"""Stimuli as galleries show them: thumbnail, what most people felt, the whole distribution as a strip."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from analysis.charts import mark_class, strip
from analysis.charts.marks import as_number
from analysis.models import StimulusStatistics
from annotation.images import image_url
from annotation.queries import stimuli_by_ids

SQUARISH = 1.4  # shape of a stimulus whose size is not known


@dataclass(frozen=True)
class Picture:
    """One stimulus in a list. top: what most people chose, in words; css: the class that colours it."""

    key: str
    name: str
    description: str
    thumbnail_url: str
    width: int | None
    height: int | None
    top: str
    css: str
    n_top: int
    n_responses: int
    n_simulated: int
    agreement: str
    entropy: str
    strip: SafeString

    @property
    def ratio(self) -> float:
        return round(self.width / self.height, 3) if self.width and self.height else SQUARISH

    @property
    def words(self) -> str:
        """What a link says to whoever cannot see the strip."""
        felt = f"{self.top} {self.n_top} of {self.n_responses}" if self.top else f"{self.n_responses} responses"
        return f"{felt}, agreement {self.agreement}"


def pictures_of(study_id: int, rows: Iterable[StimulusStatistics], labels: Sequence[dict[str, Any]]) -> list[Picture]:
    """In the order of the rows; stimuli that are gone by now are left out. One query."""
    kept = list(rows)
    faces = stimuli_by_ids(row.stimulus_id for row in kept)
    classes = [mark_class(label["id"], label["polarity"], place) for place, label in enumerate(labels)]
    pictures = []
    for row in kept:
        face = faces.get(row.stimulus_id)
        if face is None:
            continue
        n = sum(row.counts) or 1
        pictures.append(
            Picture(
                key=face.key,
                name=face.name,
                description=face.description,
                thumbnail_url=image_url(study_id, face.image_sha256, "320"),
                width=face.width,
                height=face.height,
                top=", ".join(labels[place]["name"] for place in row.top_labels),
                css=classes[row.top_labels[0]] if row.top_labels else "",
                n_top=row.counts[row.top_labels[0]] if row.top_labels else 0,
                n_responses=row.n_responses,
                n_simulated=row.n_simulated,
                agreement=as_number(row.agreement),
                entropy=as_number(row.entropy_nats),
                strip=mark_safe(  # noqa: S308 (our own drawing)
                    strip([(count / n, css) for count, css in zip(row.counts, classes, strict=True)])
                ),
            )
        )
    return pictures
