"""Nothing that people who take part can read is left untranslated."""

import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from annotation.languages import LANGUAGES
from annotation.study_templates import built_in_texts, own_labels, study_templates
from config import catalogues


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_every_sentence_for_people_is_translated_and_built(language: str) -> None:
    assert catalogues.problems(language) == []


def test_every_language_offered_has_a_catalogue() -> None:
    names = {translation.to_locale(code) for code, _name in settings.LANGUAGES}
    assert names - {"en"} == set(catalogues.LANGUAGES)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the French catalogue that a test may spoil."""
    shutil.copytree(catalogues.LOCALE / "fr", tmp_path / "fr")
    monkeypatch.setattr(catalogues, "LOCALE", tmp_path)
    return tmp_path / "fr" / "LC_MESSAGES" / "django.po"


def test_a_new_sentence_in_a_template_is_missed(copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "new.html"
    page.write_text('{% load i18n %}<p>{% translate "A sentence that nobody has translated." %}</p>')
    assert list(catalogues.in_template(page)) == [("A sentence that nobody has translated.",)]
    known = catalogues.sentences()
    monkeypatch.setattr(
        catalogues, "sentences", lambda: {**known, ("A sentence that nobody has translated.",): ["new"]}
    )
    assert [line for line in catalogues.problems("fr") if "is not translated" in line]


def test_a_lost_placeholder_is_found(copied: Path) -> None:
    copied.write_text(copied.read_text().replace('msgstr "Réponse %(n)s"', 'msgstr "Réponse"'))
    wrong = catalogues.problems("fr")
    assert any("where ['%(n)s'] belong" in line for line in wrong)


def test_a_mo_that_is_not_built_anew_is_found(copied: Path) -> None:
    copied.write_text(copied.read_text().replace('msgstr "Fermer"', 'msgstr "Clore"'))
    assert catalogues.problems("fr") == ["fr: django.mo is not built from django.po"]


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_the_built_in_templates_are_translated_whole(language: str) -> None:
    for name, source in study_templates().items():
        known = built_in_texts(name, language)
        wanted = {"instructions", "consent"}
        for step in source["steps"]:
            place, options = f"steps.{step['name']}", step["options"]
            wanted |= {f"{place}.{part}" for part in ("question", "hint") if options.get(part)}
            wanted |= {f"{place}.labels.{label['id']}" for label in own_labels(options)}
        assert set(known) == wanted, name
        assert all(text for texts in known.values() for text in texts.values())
