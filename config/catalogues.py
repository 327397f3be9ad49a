"""The words of the participants' pages in every language: found in the sources, kept in locale/, built into .mo files.

`python -m config.catalogues` brings locale/<language>/LC_MESSAGES/django.po up to date (new sentences come in empty,
those that nobody uses any more go) and builds the .mo files beside them, which are committed, so that a machine needs
neither GNU gettext nor Babel to run the site. `--check` only says what is wrong: a sentence without a translation, a
placeholder or a tag that was lost, a .mo that is not what its .po says. The tests run the same check.

Only what people who take part can meet is translated (SOURCES); the researchers' pages are in English.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
LANGUAGES = ("fr", "es", "zh_Hans", "ar")
SOURCES = (
    "templates/base.html",
    "templates/home.html",
    "templates/errors/*.html",
    "templates/annotate/*.html",
    "annotation/steps/*/task.html",
    "annotation/recruitment/*.html",
    "annotation/recruitment/invitation/decline.html",
    "annotation/recruitment/mturk/frame.html",
    "annotation/api/participants.py",
    "annotation/care/mood.py",
    "annotation/care/themes.py",
    "annotation/outage.py",
    "annotation/people/consent.py",
    "annotation/recruitment/join.py",
    "annotation/recruitment/mturk/frame.py",
    "annotation/services/ask_about_decision.py",
    "annotation/services/join_study.py",
    "annotation/services/lock_participation.py",
    "annotation/services/offers.py",
    "annotation/services/rate_machine_text.py",
    "annotation/services/revise_response.py",
    "annotation/services/skip_assignment.py",
    "annotation/services/submit_response.py",
    "annotation/steps/*/kind.py",
    "annotation/training/practice.py",
    "annotation/training/rules.py",
    "annotation/views/annotate.py",
    "annotation/views/arrive.py",
    "annotation/views/errors.py",
)
# files where most sentences are for researchers: only what stands in one of CALLS_FOR_PEOPLE counts
MIXED_SOURCES = (
    "annotation/people/questions.py",
    "annotation/recruitment/arrival.py",
    "annotation/recruitment/base.py",
    "annotation/recruitment/*/source.py",
    "annotation/views/care.py",
    "annotation/views/quality.py",
)
# files in which only these functions speak to people who take part
FUNCTIONS = {
    "annotation/people/demographics.py": ("record_demographics", "_clean_answers"),
    "annotation/services/caps.py": ("limits_in_words", "reached_in_words"),
    "annotation/training/attention.py": ("answer_check",),
    "annotation/views/people.py": ("_forget",),
    "annotation/views/training.py": ("_act", "_answers"),
}
CALLS = {"_", "gettext", "gettext_lazy"}
CALLS_FOR_PEOPLE = {"ArrivalRefused", "to_participant"}
READY_CALLS = {"later"}
PLURAL_CALLS = {"ngettext", "ngettext_lazy"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sdr]|\{\w+\}|</?\w+[^>]*>")
IN_TEMPLATE = re.compile(
    r"""\b(n?gettext|_)\(u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?:,\s*u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))?"""
)
Sentence = tuple[str, ...]  # (one form) or (singular, plural)


def files(patterns: tuple[str, ...]) -> list[Path]:
    """The sources, in a lasting order. A pattern that finds nothing is an error: its file was moved."""
    found: set[Path] = set()
    for pattern in patterns:
        here = set(ROOT.glob(pattern))
        if not here:
            raise SystemExit(f"{pattern} names no file. Correct SOURCES in config/catalogues.py.")
        found |= here
    return sorted(found)


def sentences() -> dict[Sentence, list[str]]:
    """Every sentence for people who take part, and the files that say it."""
    found: dict[Sentence, list[str]] = {}
    for file in files(SOURCES):
        said = in_python(file, CALLS) if file.suffix == ".py" else in_template(file)
        _add(found, file, said)
    for file in files(MIXED_SOURCES):
        _add(found, file, said_to_people(file))
    for name, functions in FUNCTIONS.items():
        _add(found, ROOT / name, in_functions(ROOT / name, functions))
    return found


def _add(found: dict[Sentence, list[str]], file: Path, said: Iterator[Sentence]) -> None:
    name = str(file.relative_to(ROOT))
    for sentence in said:
        places = found.setdefault(sentence, [])
        if name not in places:
            places.append(name)


def in_template(file: Path) -> Iterator[Sentence]:
    """What {% translate %} and {% blocktranslate %} say, as Django itself reads them."""
    for call, first, second in IN_TEMPLATE.findall(templatize(file.read_text(), origin=str(file))):
        one = ast.literal_eval(first)
        yield (one, ast.literal_eval(second)) if call == "ngettext" else (one,)


def in_python(file: Path, calls: set[str]) -> Iterator[Sentence]:
    yield from _in_tree(ast.parse(file.read_text()), calls)


def in_functions(file: Path, functions: tuple[str, ...]) -> Iterator[Sentence]:
    """What these functions of a file say. One that is not there any more is an error: it was renamed."""
    there = {node.name: node for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)}
    for name in functions:
        if name not in there:
            raise SystemExit(f"{file.name} has no function {name}. Correct FUNCTIONS in config/catalogues.py.")
        yield from _in_tree(there[name], CALLS)


def _in_tree(tree: ast.AST, calls: set[str]) -> Iterator[Sentence]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        texts = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if node.func.id in calls and texts:
            yield (texts[0],)
        elif node.func.id in PLURAL_CALLS and len(texts) == 2:
            yield (texts[0], texts[1])


def said_to_people(file: Path) -> Iterator[Sentence]:
    """The sentences anywhere inside a call of CALLS_FOR_PEOPLE, and the words of ready questions."""
    yield from in_python(file, READY_CALLS)
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS_FOR_PEOPLE:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and " " in inner.value:
                    yield (inner.value,)


def po_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """The catalogue as it lies there; an empty one where there is none yet."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def forms(catalogue: Catalog, sentence: Sentence) -> list[str]:
    """The translation, one text per plural form; empty texts where there is none."""
    message = catalogue.get(sentence[0])
    if message is None or (len(sentence) == 2) != isinstance(message.id, tuple):
        return []
    return list(message.string) if isinstance(message.string, tuple) else [str(message.string or "")]


def update(language: str) -> None:
    """Rewrites the .po with exactly the sentences that are used, keeping what is translated, and builds the .mo."""
    old = read(language)
    new = Catalog(
        locale=language,
        project="Commonground",
        version="1",
        msgid_bugs_address="",
        last_translator="Commonground",
        language_team=language,
        charset="utf-8",
        fuzzy=False,
    )
    new.header_comment = f"# Commonground for people who take part: {new.locale and new.locale.english_name}."
    for sentence, places in sorted(sentences().items()):
        message_id = sentence[0] if len(sentence) == 1 else sentence
        kept = forms(old, sentence)
        string = "" if not kept else kept[0] if len(sentence) == 1 else tuple(kept)
        new.add(
            message_id,
            string,
            locations=[(place, 0) for place in places],
            flags=["python-format"] * ("%(" in sentence[0]),
        )
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_po(new))
    path.with_suffix(".mo").write_bytes(as_mo(read(language)))


def as_po(catalogue: Catalog) -> bytes:
    written = io.BytesIO()
    write_po(written, catalogue, width=0, include_lineno=False, omit_header=False)
    # no dates: the file changes only when a sentence does
    lines = written.getvalue().split(b"\n")
    return b"\n".join(line for line in lines if b"-Date: " not in line)


def as_mo(catalogue: Catalog) -> bytes:
    # Babel writes a date into every file; ours changes only when a sentence does
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def problems(language: str) -> list[str]:
    """What is wrong with a catalogue, one sentence each."""
    catalogue = read(language)
    wanted = sentences()
    found = []
    for sentence, places in wanted.items():
        where = f"{language}: {sentence[0]!r} ({', '.join(places)})"
        texts = forms(catalogue, sentence)
        if not texts or not all(texts):
            found.append(f"{where} is not translated, or not in every plural form")
        elif len(sentence) == 2 and len(texts) != catalogue.num_plurals:
            found.append(f"{where} has {len(texts)} plural forms instead of {catalogue.num_plurals}")
        else:
            found += _lost_placeholders(where, sentence, texts)
    extra = [message.id for message in catalogue if message.id and _as_sentence(message.id) not in wanted]
    found += [f"{language}: {sentence!r} is used by nobody" for sentence in extra]
    mo = po_path(language).with_suffix(".mo")
    if not mo.exists() or mo.read_bytes() != as_mo(catalogue):
        found.append(f"{language}: django.mo is not built from django.po")
    return found


def _lost_placeholders(where: str, sentence: Sentence, texts: list[str]) -> Iterator[str]:
    wanted = sorted(PLACEHOLDER.findall(sentence[-1]))
    for text in texts:
        got = sorted(PLACEHOLDER.findall(text))
        # a form for one or two may say the number as a word
        may_drop = len(sentence) == 2
        if got != wanted and not (may_drop and set(got) < set(wanted)):
            yield f"{where} has {got} where {wanted} belong, in {text!r}"


def _as_sentence(message_id: str | tuple[str, ...] | list[str]) -> Sentence:
    return (message_id,) if isinstance(message_id, str) else tuple(message_id)


def main(arguments: list[str]) -> int:
    if "--check" not in arguments:
        for language in LANGUAGES:
            update(language)
    wrong = [problem for language in LANGUAGES for problem in problems(language)]
    sys.stdout.write("\n".join(wrong or ["Every sentence is translated."]) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
