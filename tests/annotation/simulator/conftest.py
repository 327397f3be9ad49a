"""The demo's photographs as the crowd sees them, and Affection's nine options."""

import pytest

from annotation.demo.photographs import demo_photographs
from annotation.emotions import AFFECTION, Label
from annotation.simulator.stimulus_facts import StimulusFacts, facts_of


@pytest.fixture(scope="session")
def affection() -> list[Label]:
    return AFFECTION


@pytest.fixture(scope="session")
def photographs() -> list[StimulusFacts]:
    return [
        facts_of(photo.image_file, name=photo.image_file, description=photo.description, metadata=photo.metadata)
        for photo in demo_photographs()
    ]
