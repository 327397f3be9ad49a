"""Word norms for the tests: a handful of invented ratings, and the published tables where they are at hand."""

from pathlib import Path

import pytest

from analysis.language.lexicons import AffectNorms, ConcretenessNorms, read_affect, read_concreteness


@pytest.fixture
def few_ratings() -> ConcretenessNorms:
    ratings = {"dog": 4.8, "idea": 1.6, "ice": 4.9, "cream": 4.7, "ice cream": 5.0, "cream cake": 4.0, "the": 1.4}
    return ConcretenessNorms(ratings, frozenset({"the"}))


@pytest.fixture(scope="session")
def concreteness(test_data: Path) -> ConcretenessNorms:
    return read_concreteness(test_data / "lexicons" / "brysbaert_concreteness.txt")


@pytest.fixture(scope="session")
def affect(test_data: Path) -> AffectNorms:
    return read_affect(test_data / "lexicons" / "warriner_vad.csv")
