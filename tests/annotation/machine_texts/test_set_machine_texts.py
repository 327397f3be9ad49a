"""The settings: what is refused and why, and what stands once people were drawn."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation.errors import InvalidInput
from annotation.machine_texts.options import MachineTextOptions
from annotation.models import Study
from annotation.services.set_machine_texts import set_machine_texts
from annotation.services.show_machine_text import show_machine_text
from tests.annotation.machine_texts.written import telling_study
from tests.conftest import make_participation, make_study, respond

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"is_on": True}, "people_are_told"),
        ({"is_on": 1}, "is_on"),
        ({"held_out_share": 0.95}, "held_out_share"),
        ({"held_out_share": float("nan")}, "held_out_share"),
        ({"held_out_share": True}, "held_out_share"),
        ({"variant": "default"}, "variant"),
        ({"variant": ["grounded"]}, "variant"),
        ({"seed": 3}, "seed"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(mika: User, changes: dict[str, Any], field: str) -> None:
    study = make_study(mika)
    with pytest.raises(InvalidInput) as refused:
        set_machine_texts(study=study, changes=changes)
    assert list(refused.value.errors) == [field]
    assert Study.objects.get(pk=study.pk).machine_texts == {}


def test_a_study_without_labels_has_no_feeling_to_ask_for(mika: User) -> None:
    study = make_study(mika, steps=[{"name": "words", "kind": "text", "options": {"question": "What do you see?"}}])
    with pytest.raises(InvalidInput, match="asks for no label"):
        set_machine_texts(study=study, changes={"is_on": True, "people_are_told": True})


def test_the_seed_is_made_once_and_shown_to_nobody(mika: User) -> None:
    study = telling_study(mika)
    first = MachineTextOptions.of(Study.objects.get(pk=study.pk).machine_texts)
    assert first.seed is not None
    assert "seed" not in first.as_json()
    set_machine_texts(study=study, changes={"is_on": False})
    again = set_machine_texts(study=study, changes={"is_on": True})
    assert again.seed == first.seed


def test_the_share_stands_once_somebody_was_drawn(mika: User) -> None:
    study = telling_study(mika)
    set_machine_texts(study=study, changes={"held_out_share": 0.2})
    anna = make_participation(study)
    show_machine_text(study=study, participation=anna, response=respond(anna))
    with pytest.raises(InvalidInput, match=r"stands at 0\.2"):
        set_machine_texts(study=study, changes={"held_out_share": 0.3})
    assert set_machine_texts(study=study, changes={"is_on": False, "held_out_share": 0.2}).held_out_share == 0.2
