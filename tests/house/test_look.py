"""What the look promises: colours for every eye, no inline style or script, nothing from elsewhere, little to load."""

import gzip
import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from annotation.emotions import LABEL_SETS
from annotation.steps.base import AnswerRefused
from annotation.steps.text.kind import Text

ROOT = Path(__file__).resolve().parent.parent.parent
TOKENS = (ROOT / "static/css/tokens.css").read_text()
TEMPLATES = sorted([*(ROOT / "templates").rglob("*.html"), *(ROOT / "annotation/steps").rglob("*.html")])
OUR_FILES = [*TEMPLATES, *(ROOT / "static").rglob("*.css"), *(ROOT / "static").rglob("*.js")]
LABELS = sorted({label["id"] for labels in LABEL_SETS.values() for label in labels})

# Machado, Oliveira and Fernandes (2009), table 1, severity 1.0; rows R, G, B in linear light.
EYES = {
    "usual": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    ),
}
# Ottosson (2020), Oklab: linear sRGB to cone-like responses, and their cube roots to L, a, b.
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.793617785, -0.0040720468],
        [1.9779984951, -2.428592205, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.808675766],
    ]
)


def token(name: str, theme: str) -> np.ndarray:
    """The colour as linear sRGB, shape (3,), 0 to 1."""
    found = re.search(rf"--{re.escape(name)}: light-dark\((#\w{{6}}), (#\w{{6}})\)", TOKENS)
    assert found, f"tokens.css has no --{name}"
    text = found.group(1 if theme == "light" else 2)
    values = np.array([int(text[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(a: np.ndarray, b: np.ndarray) -> float:
    """WCAG 2.2 contrast ratio, 1 to 21."""
    low, high = sorted(float(np.dot(colour, [0.2126, 0.7152, 0.0722])) for colour in (a, b))
    return (high + 0.05) / (low + 0.05)


def oklab(colour: np.ndarray, eye: str) -> np.ndarray:
    return TO_LAB @ np.cbrt(TO_CONES @ np.clip(EYES[eye] @ colour, 0, 1))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("label", LABELS)
def test_every_label_has_a_colour_that_stands_out_from_its_ground(label: str, theme: str) -> None:
    assert contrast(token(f"label-{label}", theme), token("card", theme)) >= 3
    assert f".label-{label} " in TOKENS


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_label_colours_stay_apart_for_every_eye(theme: str, eye: str) -> None:
    seen = {label: oklab(token(f"label-{label}", theme), eye) for label in LABELS}
    distances = {pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in combinations(LABELS, 2)}
    closest = min(distances, key=distances.__getitem__)
    assert distances[closest] >= 0.09, (closest, distances[closest])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((ink, ground) for ink in ("ink", "ink-soft", "link", "bad") for ground in ("page", "card", "sunken")),
        ("button-ink", "button"),
        ("bad", "bad-ground"),
        ("good", "good-ground"),
        ("warn", "warn-ground"),
        *((ink, ground) for ink in ("neutral-ink", "neutral-soft") for ground in ("neutral-card", "neutral-raised")),
        ("neutral-strong-ink", "neutral-strong"),
    ],
)
def test_text_can_be_read(ink: str, ground: str, theme: str) -> None:
    assert contrast(token(ink, theme), token(ground, theme)) >= 4.5


def test_the_task_page_has_greys_only() -> None:
    names = set(re.findall(r"--(neutral-[\w-]+|surround):", TOKENS))
    assert len(names) >= 9
    for name in names:
        for theme in ("light", "dark"):
            assert len(set(token(name, theme))) == 1, f"--{name} leans to a colour"
    assert not re.search(r"--(label|polarity|series)-", (ROOT / "static/css/annotate.css").read_text())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_hold_no_inline_style_or_script(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=\s*[\"']|javascript:", text)
    for attributes in re.findall(r"<script([^>]*)>", text):
        assert "src=" in attributes


@pytest.mark.parametrize("file", OUR_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_loaded_from_elsewhere(file: Path) -> None:
    loads = re.findall(r"(?:src|href|url|@import|from|import|fetch)\W{0,4}((?:https?:)?//[^\s\"')]+)", file.read_text())
    assert not [address for address in loads if "w3.org" not in address]


def test_the_task_page_is_light() -> None:
    sheets = [ROOT / f"static/css/{name}.css" for name in ("tokens", "base", "annotate")]
    scripts = [ROOT / f"static/js/{name}.js" for name in ("base", "task", "api", "deliver", "kept", "stage")]
    steps = sorted((ROOT / "annotation/steps").rglob("task.js"))
    n_bytes = sum(len(gzip.compress(file.read_bytes())) for file in [*sheets, *scripts, *steps])
    assert n_bytes < 30_000, f"{n_bytes} bytes compressed; the budget of the whole page is 60 kB"


@pytest.mark.parametrize(("answer", "word"), [("", "missing"), ("short", "short"), ("x" * 31, "long")])
def test_page_and_server_refuse_a_text_in_the_same_words(answer: str, word: str) -> None:
    kind = Text()
    options = kind.clean_options({"min_characters": 10, "max_characters": 30})
    template = (ROOT / "annotation/steps/text/task.html").read_text()
    said = re.search(rf'data-word-{word}="{{% translate "([^"]+)" %}}"', template)
    assert said
    with pytest.raises(AnswerRefused) as refusal:
        kind.clean_answer(options, answer)
    values = {"least": 10, "most": 30, "n": len(answer)}
    assert str(refusal.value) == said.group(1).format(**values)
