"""Questions about the person: a small set of ready ones, and single choices of the researcher's own.

Stored as a list: {"ready": "gender"}, or {"text": ..., "options": [..., ...]}. Every question can be skipped.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later

from annotation.errors import InvalidInput

MOST_QUESTIONS = 20
MOST_OPTIONS = 60
MOST_CHARACTERS = 300

# name -> question, [(option, words)]; None: the options are names of countries or languages, made by Babel
READY: dict[str, tuple[Any, list[tuple[str, Any]] | None]] = {
    "age_band": (
        later("How old are you?"),
        [
            ("under_18", later("under 18")),
            ("18_24", later("18 to 24")),
            ("25_34", later("25 to 34")),
            ("35_44", later("35 to 44")),
            ("45_54", later("45 to 54")),
            ("55_64", later("55 to 64")),
            ("65_74", later("65 to 74")),
            ("75", later("75 or older")),
        ],
    ),
    "gender": (
        later("What is your gender?"),
        [
            ("woman", later("woman")),
            ("man", later("man")),
            ("non_binary", later("non-binary")),
            ("other", later("another one")),
        ],
    ),
    "country": (later("In which country do you live?"), None),
    "first_language": (later("Which language did you learn first?"), None),
    # after ISCED 2011, its nine levels in five
    "education": (
        later("What is the highest education you have finished?"),
        [
            ("primary", later("primary school, or none")),
            ("lower_secondary", later("lower secondary school")),
            ("upper_secondary", later("upper secondary school or vocational training")),
            ("bachelor", later("a first degree, such as a bachelor's")),
            ("master", later("a master's degree, a doctorate, or the like")),
        ],
    ),
}


@dataclass(frozen=True)
class Question:
    """A question as a person meets it. options: (name, words) each, in their order."""

    key: str
    text: str
    options: list[tuple[str, str]]

    @property
    def names(self) -> set[str]:
        return {name for name, _words in self.options}


def clean_questions(given: Any) -> list[dict[str, Any]]:
    """The questions as they are stored. Raises InvalidInput."""
    if not isinstance(given, list) or len(given) > MOST_QUESTIONS:
        raise _refused(_("Give a list of at most %s questions.") % MOST_QUESTIONS)
    cleaned: list[dict[str, Any]] = []
    for number, one in enumerate(given, start=1):
        cleaned.append(_clean(number, one))
    if len({_key(one) for one in cleaned}) < len(cleaned):
        raise _refused(_("One question stands there twice."))
    return cleaned


def _clean(number: int, one: Any) -> dict[str, Any]:
    if isinstance(one, dict) and set(one) == {"ready"} and str(one["ready"]) in READY:
        return {"ready": str(one["ready"])}
    if not isinstance(one, dict) or set(one) != {"text", "options"} or not isinstance(one["options"], list):
        raise _refused(
            _("Question %(n)s: give {'ready': one of %(names)s}, or a text and its options.")
            % {"n": number, "names": ", ".join(READY)}
        )
    text, options = _words(one["text"]), [_words(option) for option in one["options"]]
    if not text or not all(options):
        raise _refused(_("Question %s: the question and every answer need words.") % number)
    if max(len(words) for words in [text, *options]) > MOST_CHARACTERS:
        raise _refused(_("Question %(n)s: at most %(most)s characters.") % {"n": number, "most": MOST_CHARACTERS})
    if not 2 <= len(options) <= MOST_OPTIONS or len(set(options)) < len(options):
        raise _refused(
            _("Question %(n)s: give 2 to %(most)s different answers to choose from.")
            % {"n": number, "most": MOST_OPTIONS}
        )
    return {"text": text, "options": options}


def _words(given: Any) -> str:
    return " ".join(given.replace("\x00", "").split()) if isinstance(given, str) else ""


def _refused(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, {"questions": [sentence]})


def _key(stored: dict[str, Any]) -> str:
    """A question of one's own is named by its words: changed words are another question, with no answers yet."""
    if "ready" in stored:
        return str(stored["ready"])
    words = "\n".join([stored["text"], *stored["options"]])
    return f"own_{hashlib.sha256(words.encode()).hexdigest()[:12]}"


def questions_of(stored: Sequence[dict[str, Any]]) -> list[Question]:
    """The questions in the language of the page."""
    found = []
    for one in stored:
        if "ready" not in one:
            options = [(str(number), words) for number, words in enumerate(one["options"], start=1)]
            found.append(Question(_key(one), one["text"], options))
            continue
        name = one["ready"]
        text, ready = READY[name]
        options = _names_of(name) if ready is None else [(option, str(words)) for option, words in ready]
        found.append(Question(name, str(text), options))
    return found


def _names_of(name: str) -> list[tuple[str, str]]:
    return _names(name, get_language() or "en")


@lru_cache(maxsize=32)
def _names(name: str, language: str) -> list[tuple[str, str]]:
    """Countries (ISO 3166) or languages (ISO 639, two letters) with their names in this language, by name."""
    try:
        locale = Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        locale = Locale("en")
    known = locale.territories if name == "country" else locale.languages
    english = Locale("en").territories if name == "country" else Locale("en").languages
    # the rest are continents, regions and codes that stand for none
    left_out = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}
    codes = [code for code in map(str, english) if len(code) == 2 and code.isalpha() and code not in left_out]
    names = [(code, str(known.get(code) or english[code])) for code in codes]
    return sorted(names, key=lambda one: one[1].casefold())


def from_text(text: str) -> list[dict[str, Any]]:
    """Own questions as they are typed: blocks of lines, the question first, then an answer a line."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip():
            blocks[-1].append(line.strip())
        elif blocks[-1]:
            blocks.append([])
    return [{"text": block[0], "options": block[1:]} for block in blocks if block]


def as_text(stored: Sequence[dict[str, Any]]) -> str:
    """The own questions among them, as `from_text` reads them."""
    return "\n\n".join("\n".join([one["text"], *one["options"]]) for one in stored if "ready" not in one)
