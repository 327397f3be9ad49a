"""In which language a text is written."""

from functools import cache
from typing import Any

UNKNOWN = "und"
"""BCP 47's tag for an undetermined language."""

FEWEST_LETTERS = 20
SURE = 0.95


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def language_of(text: str, words: list[str], page_language: str) -> str:
    """The main tag ('zh', not 'zh-hans') of the text's language; UNKNOWN where neither text nor page tells.

    What is recognised with a probability of at least 0.95 counts, where the words have 20 letters or more; else the
    language of the page that the person read; names and borrowed words pull shorter texts anywhere.
    Source: py3langid 0.4, after Lui and Baldwin, langid.py, ACL 2012.
    """
    of_page = page_language.replace("_", "-").partition("-")[0].lower()
    if sum(map(len, words)) >= FEWEST_LETTERS:
        language, probability = _identifier().classify(text)
        if probability >= SURE:
            return str(language)
    return of_page or UNKNOWN
