"""The words that mark an emotion, inside the explanations of one image."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.marked_texts import marked, marking_words_of
from analysis.models import AnalysisResult
from analysis.services.refresh_statistics import refresh_statistics
from tests.analysis.answers import answered_study


def test_a_text_is_cut_at_its_words_and_nothing_is_lost() -> None:
    text = "It looks <Dark>; don’t go, darkness!"
    pieces = marked(text, frozenset({"dark", "don't"}))
    assert "".join(piece for piece, _ in pieces) == text
    assert [piece for piece, is_word in pieces if is_word] == ["Dark", "don’t"]
    assert marked("", frozenset({"a"})) == []
    assert marked("plain", frozenset()) == [("plain", False)]


@pytest.mark.django_db
def test_an_image_shows_the_words_that_the_study_found(mika: User, sign_in: Callable[[User], Client]) -> None:
    study, stimuli = answered_study(mika, [["awe", "fear"]])
    refresh_statistics()
    address = f"/studies/{study.slug}/stimuli/{stimuli[0].key}"
    client = sign_in(mika)
    assert "<mark>" not in client.get(address).content.decode()
    assert marking_words_of(study.pk) == {}
    result = AnalysisResult.objects.create(
        study_id=study.pk,
        snapshot_id="s",
        name="words",
        options={},
        definition={},
        code_version="1",
        result={"marking": {"": {"awe": [{"word": "looks"}, {"word": 'q"\\'}], "fear": []}}},
    )
    page = client.get(address).content.decode()
    assert page.count("<mark>looks</mark>") == 1  # beneath awe, and not beneath fear
    assert "explorer?word=looks&amp;said_with=awe" in page
    assert marking_words_of(study.pk)["awe"] == {"looks", 'q"\\'}
    result.result = {"marking": {"": {"fear": [{"word": "me"}]}}}
    result.save()
    assert "<mark>me</mark>" in client.get(address).content.decode()
