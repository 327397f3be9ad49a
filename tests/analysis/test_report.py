"""The report: the same bytes each time, every figure in it printed by a command, whatever the study is like."""

import ast
import hashlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from analysis.charts import ShareBar, share_bars
from analysis.json_pointer import at_pointer
from analysis.over_snapshots import analysis_named
from analysis.over_snapshots.snapshot_analysis import no_progress
from analysis.report.as_markdown import markdown_text
from analysis.report.chapters import CHAPTER_NAMES, command_of
from analysis.report.document import Drawing, Heading, Notice, Paragraph, Report, Table, plain
from analysis.report.evidence import spelled
from analysis.report.write import Written
from analysis.services.analyse_snapshot import store_analysis_of
from analysis.services.write_report import chapters_named, pdf_file, report_files, report_of_folder, report_of_study
from annotation.models import Response, Study
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.services.simulate_responses import simulate_responses
from snapshots.local_copy import snapshot_folder
from snapshots.reader import open_snapshot
from tests.analysis.answers import answer_stimulus, answered_study, people_of_study
from tests.analysis.grouped_study import grouped_study
from tests.conftest import make_study

pytestmark = pytest.mark.django_db

VOTES = [["awe", "awe", "fear"], ["fear", "fear", "fear"], ["awe", "anger", "awe"], ["contentment", "awe", "fear"]]


@pytest.fixture
def demo_like(mika: User) -> Study:
    """As the demo is: Affection's task, photographs of two sources, a simulated crowd that is not done yet."""
    study = make_study(mika, n_stimuli=24, wanted_responses=4)
    study.stimuli.filter(rank__lt=9_000).update(source_dataset="OASIS")
    simulate_responses(study=study, n_annotators=8, seed=7)
    return study


def written_of(study: Study, chapters: str = "none") -> Written:
    record = freeze_snapshot(study=study)
    return report_of_study(
        study=study, snapshot_id=record.snapshot_id, progress=no_progress, chapters=chapters_named(chapters)
    )


def test_two_builds_in_two_processes_give_the_same_bytes(demo_like: Study, tmp_path: Path) -> None:
    record = freeze_snapshot(study=demo_like)
    first = report_files(written_of(demo_like, "asking,latent,planning"))
    # what was computed for the first one is part of the next
    again = report_files(report_of_study(study=demo_like, snapshot_id=record.snapshot_id, progress=no_progress))
    assert first["report.html"].decode().split("\n") == again["report.html"].decode().split("\n")
    assert first == again

    folder = default_storage.path(snapshot_folder(record.snapshot_id))
    program = (
        "import sys, hashlib, django; django.setup()\n"
        "from analysis.services.write_report import report_files, report_of_folder\n"
        "from snapshots.reader import open_snapshot\n"
        "files = report_files(report_of_folder(\n"
        "    snapshot=open_snapshot(sys.argv[1]), name='demo', progress=lambda *words: None,\n"
        "    chapters=('asking', 'latent', 'planning')))\n"
        "print({name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())})\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, folder],
        env={
            **os.environ,
            "PYTHONHASHSEED": "1",
            "TZ": "Asia/Tokyo",
            "LC_ALL": "C",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        },
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    chapters = ("asking", "latent", "planning")
    here = report_files(
        report_of_folder(snapshot=open_snapshot(folder), name="demo", progress=no_progress, chapters=chapters)
    )
    assert ast.literal_eval(said) == {name: hashlib.sha256(content).hexdigest() for name, content in here.items()}


def test_every_figure_is_what_its_command_prints(mika: User) -> None:
    """Of a study with everything: sources, cohorts, and every section that can be computed."""
    study, _ = grouped_study(mika, {"woman": 10, "man": 10}, n_stimuli=8)
    study.stimuli.filter(rank__lt=4_000).update(source_dataset="OASIS")
    written = written_of(study, "all")
    snapshot_id = freeze_snapshot(study=study).snapshot_id
    commands = {
        name: command_of(study.slug, name, snapshot_id) for name in ("collection", "agreement", "words", *CHAPTER_NAMES)
    }
    printed: dict[str, Any] = {}
    for name, command in commands.items():
        out = io.StringIO()
        call_command(*shlex.split(command)[1:], stdout=out)
        printed[name] = json.loads(out.getvalue())

    assert len(written.printed) > 600
    assert {each.analysis for each in written.printed} == set(commands)
    for each in written.printed:
        assert each.words == spelled(at_pointer(printed[each.analysis], each.place), each.form), each

    # and every number leads to a row of the last table, which names a command that was run here
    evidence = written.report.blocks[-1]
    assert isinstance(evidence, Table)
    assert [plain(row[0]) for row in evidence.rows] == [str(n) for n in range(1, len(evidence.rows) + 1)]
    text = markdown_text(written.report)
    for command in commands.values():
        assert command in text
    assert "What was not computed" not in text


def test_what_was_not_computed_is_named_with_its_command(mika: User) -> None:
    study = answered_study(mika, VOTES)[0]
    record = freeze_snapshot(study=study)
    store_analysis_of(
        study=study,
        snapshot_id=record.snapshot_id,
        analysis=analysis_named("planning"),
        options={},
        progress=no_progress,
    )
    text = markdown_text(report_of_study(study=study, snapshot_id=record.snapshot_id, progress=no_progress).report)
    assert "How many responses would be enough" in text
    missing = text.split("What was not computed", 1)[1]
    for name in ("disagreement", "asking", "groups", "latent", "emotion_map"):
        assert command_of(study.slug, name, record.snapshot_id) in missing
    assert command_of(study.slug, "planning", record.snapshot_id) not in missing.split("The report with all", 1)[0]
    assert "--with all --format html" in missing
    # and this very report is made again by a command that names what is in it
    assert "--with planning --format html" in text


def test_no_figure_stands_loose_in_the_text_of_the_results(mika: User) -> None:
    """What is no figure of the data: numbers of tables and drawings, the ends of scales, the width of intervals."""
    study, _ = grouped_study(mika, {"woman": 10, "man": 10}, n_stimuli=6)
    written = written_of(study, "all")
    known = re.compile(
        r"(Table|Figure) \d+|95 % interval|0 is always one label, [\d.]+ all \d+ evenly|1 would be|0 chance|13 phrases"
    )
    chapter = ""
    for block in written.report.blocks:
        if isinstance(block, Heading) and block.level == 1:
            chapter = block.words
        if isinstance(block, Paragraph) and chapter == "Results":
            loose = "".join(span for span in block.text if isinstance(span, str))
            assert not re.search(r"\d", known.sub("", loose)), loose


def test_simulated_responses_are_marked_first(demo_like: Study, mika: User) -> None:
    first = written_of(demo_like).report.blocks[0]
    assert isinstance(first, Notice)
    assert "made by a simulator" in plain(first.text)
    people = written_of(answered_study(mika, VOTES)[0]).report
    assert not any(isinstance(block, Notice) for block in people.blocks)


@pytest.mark.parametrize(
    "table", [[], [["awe"]], [["awe", "awe"]], [["awe"], ["fear"]]], ids=["nobody", "one", "one stimulus", "no pairs"]
)
def test_hardly_any_answers_make_a_report_all_the_same(table: list[list[str]], mika: User) -> None:
    study = answered_study(mika, table)[0] if table else make_study(mika)
    files = report_files(written_of(study, "all"))
    assert files["report.pdf"].startswith(b"%PDF")
    assert not re.search(rb"\b(nan|None|inf)\b", files["report.html"])


def test_a_study_without_a_choice_says_so(mika: User) -> None:
    steps = [{"name": "why", "kind": "text", "options": {"question": "Why?"}}]
    text = markdown_text(written_of(make_study(mika, steps=steps)).report)
    assert "no choice among labels" in text


@pytest.mark.parametrize("n_labels", [27, 200])
def test_a_drawing_of_many_labels_is_made_to_fit_a_page(n_labels: int) -> None:
    bars = [ShareBar(f"label {number}", 1 / n_labels, 0.0, 0.1, "series-1", "7") for number in range(n_labels)]
    drawing = Drawing(1, "Share of the responses that chose each label.", share_bars("Labels", "", bars))
    assert pdf_file(Report("A study", [("Study", "one")], [drawing])).startswith(b"%PDF")


def test_a_study_of_words_alone_reports_the_words(mika: User) -> None:
    steps = [{"name": "why", "kind": "text", "options": {"question": "Why?"}}]
    study = make_study(mika, steps=steps, n_stimuli=2)
    for stimulus in study.stimuli.all():
        (response,) = answer_stimulus(stimulus, people_of_study(study, 1), [""])
        response.answers, response.label = {"why": "a small boat on a calm lake"}, ""
        response.save()
    text = markdown_text(written_of(study).report)
    assert "What people wrote" in text
    assert "2 explanations hold 14 words" in text


def test_words_of_the_study_cannot_break_the_files(mika: User) -> None:
    """A title, a label and a name in many scripts, with marks that mean something in HTML, Markdown and PDF."""
    labels = ["<b>joy</b> & co", "a|b `c`", "敬畏", "خوف", "🙂 smile", "*Å*"]
    steps = [{"name": "emotion", "kind": "choice", "options": {"labels": labels, "question": "# Which | one?"}}]
    study = make_study(
        mika, title="<script>alert(1)</script> *敬畏* [x](y)", steps=steps, n_stimuli=2, wanted_responses=9
    )
    stimulus = study.stimuli.order_by("rank")[0]
    people = people_of_study(study, len(labels))
    answer_stimulus(stimulus, people, labels)
    for response in Response.objects.filter(study=study):
        response.answers = {"emotion": response.label}
        response.save(update_fields=["answers"])

    files = report_files(written_of(study))

    html = files["report.html"].decode()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "敬畏" in html
    assert files["report.pdf"].startswith(b"%PDF")


def test_the_command_writes_each_format_and_nothing_over_a_file(mika: User, tmp_path: Path) -> None:
    study = answered_study(mika, VOTES)[0]
    for name in ("report.html", "report.pdf", "report.md"):
        out = io.StringIO()
        call_command("report", study.slug, "--format", name.split(".")[-1], "--out", str(tmp_path / name), stdout=out)
        assert (tmp_path / name).stat().st_size > 5_000
    assert (tmp_path / "figures" / "figure-1.svg").read_text().startswith("<svg")
    with pytest.raises(CommandError, match="exists already"):
        call_command("report", study.slug, "--out", str(tmp_path / "report.html"))
    with pytest.raises(CommandError, match="There is no chapter 'weather'"):
        call_command("report", study.slug, "--with", "weather", "--out", str(tmp_path / "other.html"))
    with pytest.raises(CommandError, match="no study and no snapshot folder"):
        call_command("report", "nothing-here", "--out", str(tmp_path / "other.html"))
