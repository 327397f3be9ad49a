"""The documentation says what the code does: made pages are fresh, what exists is mentioned, links lead somewhere."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.statistics import MAJORITY_RULES, STATISTICS
from annotation.access import RIGHTS
from annotation.steps import KINDS
from annotation.study_templates import study_templates
from config.env import SETTINGS
from jobs.registry import JOB_KINDS
from modelserve.evaluation.report import PROMOTION_METRICS
from modelserve.options import TASKS, describe_options
from snapshots.exports import EXPORT_FORMATS
from snapshots.exports.affection_preprocessed import PREPROCESSED_SCHEMA
from snapshots.schema import STIMULUS_COLUMNS_IN_EXPORTS, TABLES
from tests.conftest import ROOT
from tests.house.addresses import our_addresses

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
# pictures of the running site, made for a release
MADE_LATER = "docs/screenshots/"


def reference(name: str) -> str:
    return (DOCS / "reference" / name).read_text()


def test_the_pages_made_from_the_code_are_fresh() -> None:
    program = "import make_reference as m, json, sys; m._start_django(); json.dump(m.pages(), sys.stdout)"
    made = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=DOCS, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    stale = [
        name
        for name, text in json.loads(made.stdout).items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text() != text
    ]
    assert not stale, f"run `make openapi` and commit {', '.join(stale)}"


def test_every_setting_is_in_the_example_and_in_the_documentation() -> None:
    example, page = (ROOT / ".env.example").read_text(), (DOCS / "operator" / "settings.md").read_text()
    for setting in SETTINGS:
        assert f"\n# {setting.name}={setting.default}\n" in example
        assert f"| `{setting.name}` |" in page
        assert setting.meaning in example
        assert setting.meaning in page


def test_every_command_is_in_the_reference() -> None:
    files = ROOT.glob("*/management/commands/*.py")
    for command in sorted(file.stem for file in files if not file.stem.startswith("_")):
        assert f"## {command}\n" in reference("commands.md")


def test_every_endpoint_is_in_the_reference() -> None:
    described = set(re.findall(r"`(/api/v1/[^`]*)`", reference("endpoints.md")))
    for address in our_addresses():
        if address.is_api and address.name != "api_schema":
            assert "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", address.route) in described
    assert "/api/v1/schema" in reference("endpoints.md")


def test_every_statistic_and_rule_is_defined_with_its_source() -> None:
    page = reference("statistics.md")
    for statistic in STATISTICS:
        assert f"`{statistic.name}`" in page
        assert statistic.definition in page
        assert statistic.source in page
    for rule in MAJORITY_RULES:
        assert rule.sentence in page


def test_every_kind_of_job_and_queue_is_in_the_reference() -> None:
    page = reference("jobs.md")
    for kind in JOB_KINDS.values():
        assert f"| `{kind.name}` | `{kind.queue}` |" in page
        assert f"\n| `{kind.queue}` | " in page.split("## Queues")[1], f"docs/make_reference.py lacks {kind.queue!r}"


def test_every_export_format_and_column_is_in_the_reference() -> None:
    page, format_page = reference("exports.md"), reference("snapshot_format.md")
    for export in EXPORT_FORMATS.values():
        assert f"| `{export.name}` |" in page
        assert export.sentence in page
    for name in [*TABLES["responses"].schema().names, *PREPROCESSED_SCHEMA.names]:
        assert f"`{name}`" in page
    for column in STIMULUS_COLUMNS_IN_EXPORTS:
        assert f"`{column.name}`" in page
    for table in TABLES.values():
        section = format_page.split(f"### `{table.name}`")[1].split("###")[0]
        for column in table.columns:
            assert f"| `{column.name}` |" in section
            assert column.meaning in section


def test_every_option_of_training_is_in_the_reference() -> None:
    page = reference("training_options.md")
    for task in TASKS:
        section = page.split(f"(`{task}`)")[1].split("## ")[0]
        for option in describe_options(task):
            assert f"| `{option['name']}` | `{option['default']}` |" in section
    for metric in PROMOTION_METRICS:
        assert f"`{metric}`" in page


def test_every_right_step_and_template_is_in_the_reference() -> None:
    for right in RIGHTS:
        assert f"`{right}`" in reference("rights.md")
    for name in [*KINDS, *study_templates()]:
        assert f"`{name}`" in reference("steps.md")


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_somewhere(file: Path) -> None:
    broken = []
    for target in LINK.findall(file.read_text()):
        path, _, anchor = target.partition("#")
        if target.startswith(("http://", "https://", "mailto:")) or path.startswith(MADE_LATER):
            continue
        there = (file.parent / path).resolve() if path else file
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert not broken, f"{file.relative_to(ROOT)} links to {broken}"


def anchors(file: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    cleaned = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(file.read_text()))
    return {heading.strip().replace(" ", "-") for heading in cleaned}


def test_every_page_can_be_found_from_the_index() -> None:
    index = (DOCS / "README.md").read_text()
    linked = {(DOCS / target.partition("#")[0]).resolve() for target in LINK.findall(index)}
    lost = [
        str(page.relative_to(ROOT)) for page in DOCS.rglob("*.md") if page not in linked and page.name != "README.md"
    ]
    assert not lost, f"link them from docs/README.md: {lost}"


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_page_has_one_title(file: Path) -> None:
    text = re.sub(r"```.*?```", "", file.read_text(), flags=re.DOTALL)
    titles = [line for line in text.splitlines() if line.startswith("# ")]
    assert len(titles) == 1


# Built from pieces, so that this file does not find itself.
FORBIDDEN = re.compile(
    "|".join(
        ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/[a-z]", "127[.]0[.]0[.]1:3128", "art" + "ifactory", "nex" + "us[.]"]
    )
)


def test_nothing_that_is_committed_names_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no git checkout, so nobody knows which files belong to the product")
    found = []
    for name in listed.stdout.split("\0"):
        file = ROOT / name
        if not name or not file.is_file() or file.suffix in (".jpg", ".png", ".parquet", ".zip"):
            continue
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1):
            if FORBIDDEN.search(line):
                found.append(f"{name}:{number}: {line.strip()[:120]}")
    assert not found, "\n".join(found)


def test_the_changelog_names_the_version_that_is_coming() -> None:
    assert re.search(
        r"^## \d+\.\d+\.\d+( \(coming\)|, \d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )


def test_every_target_of_the_makefile_that_the_documentation_names_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        for target in re.findall(r"`make ([a-z]+)`", page.read_text()):
            assert target in targets, f"{page.relative_to(ROOT)} names `make {target}`"
