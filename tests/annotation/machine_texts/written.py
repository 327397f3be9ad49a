"""A study in which a network has written about every image for every label, without a network."""

from typing import Any

from django.contrib.auth.models import User

from annotation.models import Stimulus, Study
from annotation.services.keep_machine_texts import Writer, keep_machine_texts
from annotation.services.set_machine_texts import set_machine_texts
from tests.conftest import make_study

WRITER = Writer(network_id=7, version=3, variant="grounded", learned_from_simulated=False)


def telling_study(user: User | None = None, *, held_out_share: float = 0.0, **settings: Any) -> Study:
    """An open study whose texts are on and written, by version 3."""
    study = make_study(user, **settings)
    write_all(study)
    set_machine_texts(study=study, changes={"is_on": True, "people_are_told": True, "held_out_share": held_out_share})
    return study


def write_all(study: Study, writer: Writer = WRITER) -> None:
    rows = [
        (stimulus.pk, str(label["id"]), f"{label['id']} since {stimulus.name} is so, says version {writer.version}")
        for stimulus in Stimulus.objects.filter(study=study)
        for label in study.labels
    ]
    keep_machine_texts(study=study, writer=writer, texts=rows)
