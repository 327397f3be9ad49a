"""Measures the language of 526,749 explanations, and of a hundred more.

usage: python -m bench.words --texts DATA [--responses 526749] [--keep FOLDER] [--workers 2]

DATA: a folder that holds goemotions/*.csv, label-explanations/*.csv and emobank-ratings/raw_text.csv (columns text or
explanation), whose some 45,000 real sentences are cut and joined to texts of 19 words, log-normal in length; where
DATA holds lexicons/, those are used, too. People, images and emotions are those of bench/crowd_table.py. The study is
frozen first, which is not measured. Each measurement is a process of its own with its own peak of memory: everything
described from nothing, its parts shared between two processes as they are between two Celery workers, and put together
in a third; then a hundred responses more, from a new process and from one that is warm, as a worker is.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.crowd_table import N_ANNOTATORS, N_RESPONSES, N_STIMULI, crowd_table
from bench.machine import machine

MOST_SECONDS, MOST_MIB, MOST_SECONDS_FOR_A_HUNDRED = 480, 1536, 2.0
MORE = 100
SOURCES = ("coco", "emotional_machines", "flickr30k", "visual_genome", "you_aaai")
LABELS = (
    ("amusement", "positive"), ("awe", "positive"), ("contentment", "positive"), ("excitement", "positive"),
    ("anger", "negative"), ("disgust", "negative"), ("fear", "negative"), ("sadness", "negative"),
    ("something_else", "else"),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True, metavar="DATA")
    parser.add_argument("--responses", type=int, default=N_RESPONSES)
    parser.add_argument("--keep", type=Path, help="where the frozen studies are made, and found again")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--measure", nargs="*", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--parts", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        folders = arguments.measure
        if arguments.parts is None:
            print(json.dumps(_measured(folders)))
        elif arguments.worker is None:
            print(json.dumps(_joined(folders[0], arguments.parts)))
        else:
            print(json.dumps(_described(folders[0], arguments.parts, arguments.worker, arguments.workers)))
        return
    with tempfile.TemporaryDirectory() as folder:
        place = arguments.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        facts = machine()
        before, after = place / "before", place / "after"
        if not after.is_dir():
            _freeze(before, after, arguments.responses, _sentences(arguments.texts))
        lexicons = arguments.texts / "lexicons"
        files = {"CONCRETENESS_FILE": "brysbaert_concreteness.txt", "AFFECT_NORMS_FILE": "warriner_vad.csv"}
        there = {name: str(lexicons / file) if (lexicons / file).is_file() else "" for name, file in files.items()}
        of_worker = {"CACHE_DIR": str(place / "cache"), "SENTENCE_ENCODER": "", **there}
        environment = {**os.environ, "WORDS_SETTINGS": json.dumps(of_worker)}
        for kept in (place / "cache" / "words").glob("*.arrow"):
            kept.unlink()
        runs = {
            "everything": _shared(environment, arguments.texts, before, arguments.workers),
            "a hundred more, from a new process": _run(environment, arguments.texts, [after]),
            "a hundred more, from a warm process": _run(environment, arguments.texts, [before, after]),
        }
    print(json.dumps({"machine": facts, "responses": arguments.responses, "runs": runs}, indent=1))
    everything, more = runs["everything"], runs["a hundred more, from a warm process"][-1]
    for what, value, bar in (
        ("seconds for everything", everything["seconds"], MOST_SECONDS),
        ("MiB at most", everything["peak_mib"], MOST_MIB),
        ("seconds for a hundred more", more["seconds"], MOST_SECONDS_FOR_A_HUNDRED),
    ):
        print(f"{what}: {value} of {bar}: {'held' if value <= bar else 'NOT held'}")


def _run(environment: dict[str, str], texts: Path, folders: list[Path], *more: str) -> Any:
    """What one process says, as JSON, in its last line."""
    return _answer(_start(environment, texts, folders, *more))


def _start(environment: dict[str, str], texts: Path, folders: list[Path], *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.words", "--texts", str(texts), "--measure", *map(str, folders), *more]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _answer(process: subprocess.Popen[str]) -> Any:
    said, problem = process.communicate()
    if process.returncode:
        sys.exit(problem)
    return json.loads(said.splitlines()[-1])


def _shared(environment: dict[str, str], texts: Path, folder: Path, n_workers: int) -> dict[str, Any]:
    """Parts by several processes at once, then put together by another; peak_mib: of all that live at the same time."""
    with tempfile.TemporaryDirectory() as parts:
        began = time.perf_counter()
        common = ["--parts", parts, "--workers", str(n_workers)]
        at_work = [_start(environment, texts, [folder], *common, "--worker", str(n)) for n in range(n_workers)]
        workers = [_answer(process) for process in at_work]
        described = time.perf_counter() - began
        joined = _run(environment, texts, [folder], *common)
        return {
            "seconds": round(time.perf_counter() - began, 2),
            "seconds_until_all_was_described": round(described, 2),
            "processor_seconds": round(sum(each["processor_seconds"] for each in (*workers, joined)), 1),
            "peak_mib": max(sum(each["peak_mib"] for each in workers), joined["peak_mib"]),
            "workers": workers,
            "putting together": joined,
        }


def _described(folder: Path, into: Path, worker: int, n_workers: int) -> dict[str, Any]:
    """Every n-th part, as a worker does it."""
    _configure()
    from analysis.over_snapshots.words import WORDS
    from snapshots.reader import open_snapshot

    snapshot, options, parts = open_snapshot(folder), dict(WORDS.defaults), WORDS.parts
    assert parts is not None
    for part in range(worker, parts.number(snapshot, options), n_workers):
        (into / f"{part:06d}").write_bytes(parts.run(snapshot, options, part))
    return {"processor_seconds": round(time.process_time(), 2), "peak_mib": _peak_mib()}


def _joined(folder: Path, parts: Path) -> dict[str, Any]:
    _configure()
    from analysis.over_snapshots.snapshot_analysis import no_progress
    from analysis.over_snapshots.words import WORDS
    from snapshots.reader import open_snapshot

    assert WORDS.parts is not None
    done = [part.read_bytes() for part in sorted(parts.iterdir())]
    found = WORDS.parts.join(open_snapshot(folder), dict(WORDS.defaults), done, no_progress)
    return {
        "n_texts": found["n_texts"], "processor_seconds": round(time.process_time(), 2), "peak_mib": _peak_mib()
    }  # fmt: skip


def _configure() -> None:
    """A worker's settings as far as this analysis reads them, so that no site is needed."""
    from django.conf import settings

    settings.configure(**json.loads(os.environ["WORDS_SETTINGS"]))


def _peak_mib() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _measured(folders: list[Path]) -> list[dict[str, Any]]:
    _configure()
    from analysis.language.describe import describe_all
    from analysis.over_snapshots.words import WORDS
    from snapshots.reader import open_snapshot

    rows: list[dict[str, Any]] = []
    if len(folders) > 1:  # a worker that described texts before holds lexicons and dictionaries
        describe_all(["A worrld of their own, and texts that a worker has read before this one."], ["en"])
    for folder in folders:
        messages: list[tuple[float, str]] = []
        start, began = time.process_time(), time.perf_counter()

        def told(done: int, total: int, message: str, into: Any = messages, since: float = began) -> None:
            into.append((round(time.perf_counter() - since, 2), message))

        found = WORDS.run(open_snapshot(folder), dict(WORDS.defaults), told)
        rows.append(
            {
                "n_texts": found["n_texts"],
                "vocabulary": found["cells"]["|"]["vocabulary"],
                "mean_words": found["cells"]["|"]["measures"]["n_words"][0],
                "seconds": round(time.perf_counter() - began, 2),
                "processor_seconds": round(time.process_time() - start, 2),
                "peak_mib": _peak_mib(),
                "result_kb": round(len(json.dumps(found)) / 1000),
                "load": round(os.getloadavg()[0], 2),
                "steps": [each for each in messages if each[1].startswith("counting")],
            }
        )
    return rows


def _sentences(folder: Path) -> list[list[str]]:
    """Real sentences as words, with capitals and punctuation as they are."""
    found = []
    files = [*folder.glob("goemotions/*.csv"), *folder.glob("label-explanations/*.csv"), *folder.glob("emobank*/raw*")]
    for file in sorted(files):
        with file.open(newline="", encoding="utf-8") as rows:
            for row in csv.DictReader(rows):
                words = (row.get("explanation") or row.get("text") or "").split()
                if words:
                    found.append(words)
    if not found:
        sys.exit(f"{folder} holds none of goemotions/*.csv, label-explanations/*.csv, emobank-ratings/raw_text.csv.")
    return found


def _freeze(before: Path, after: Path, n_responses: int, sentences: list[list[str]]) -> None:
    """Two studies: with all responses but the last hundred that came, and with all of them."""
    share = (n_responses + MORE) / N_RESPONSES
    table = crowd_table(n_responses + MORE, max(2, int(N_STIMULI * share)), max(30, int(N_ANNOTATORS * share)))
    random = np.random.default_rng(7)
    lengths = np.clip(np.round(random.lognormal(np.log(17.2), 0.42, len(table.label))), 3, 90).astype(int)
    draws = random.integers(0, len(sentences), 8 * len(lengths))
    texts, at = [], 0
    for length in lengths:
        words: list[str] = []
        while len(words) < length:
            words.extend(sentences[draws[at % len(draws)]])
            at += 1
        texts.append(" ".join(words[:length]))
    order = np.lexsort((table.annotator, table.stimulus))
    came = np.arange(len(order))[order]
    moment = pa.scalar(0, pa.timestamp("us", tz="UTC"))
    study = {
        "title": "Words at size", "description": "", "template": "", "wanted_responses": 6, "instructions": "",
        "consents": [], "n_withdrawn": 0,
        "steps": [
            {"name": "emotion", "kind": "choice", "options": {}}, {"name": "explanation", "kind": "text", "options": {}}
        ],
        "label_sets": {"emotion": [{"id": name, "name": name.replace("_", " "), "polarity": p} for name, p in LABELS]},
    }  # fmt: skip
    from snapshots.writer import SnapshotWriter

    ids = np.array([name for name, _ in LABELS])
    for folder, rows in ((before, order[came < n_responses]), (after, order)):
        n, n_stimuli, people = len(rows), len(table.truth), np.unique(table.annotator[rows])
        constant = {
            "status": "accepted", "created_at": moment, "revision": 0, "sequence": 0, "options_shown": "{}",
            "duration_ms": 30_000, "language": "en", "device": "", "theme": "", "consent_hash": "",
            "is_simulated": False, "signals": "{}",
        }  # fmt: skip
        fields = [pa.field("emotion", pa.string()), pa.field("explanation", pa.string())]
        with SnapshotWriter(folder, study=study, step_fields=fields) as writer:
            writer.write_stimuli(
                _table(
                    writer.schema("stimuli"), n_stimuli,
                    {
                        "stimulus_key": [f"{place:064x}" for place in range(n_stimuli)],
                        "source_dataset": [SOURCES[place % len(SOURCES)] for place in range(n_stimuli)],
                        "name": [f"{place}.jpg" for place in range(n_stimuli)],
                        "description": "", "metadata": "{}",
                    },
                )
            )  # fmt: skip
            writer.write_participations(
                _table(
                    writer.schema("participations"), len(people),
                    {"annotator": [f"p{person:06d}" for person in people], "consent_hash": "", "language": "en",
                     "cohort": "", "started_at": moment, "is_simulated": False},
                )
            )  # fmt: skip
            writer.write_responses(
                _table(
                    writer.schema("responses"), n,
                    {
                        **constant,
                        "stimulus_key": [f"{place:064x}" for place in table.stimulus[rows]],
                        "annotator": [f"p{person:06d}" for person in table.annotator[rows]],
                        "response_key": [f"{row:032x}" for row in rows],
                        "emotion": ids[table.label[rows]].tolist(),
                        "explanation": [texts[row] for row in rows],
                    },
                )
            )  # fmt: skip
            writer.close()


def _table(schema: pa.Schema, n: int, columns: dict[str, Any]) -> pa.Table:
    """n rows: lists as they are, one value for all of a column, null where nothing is said."""
    arrays = []
    for field in schema:
        value = columns.get(field.name)
        whole = pa.array(value, field.type) if isinstance(value, list) else None
        arrays.append(whole if whole is not None else pa.array([_plain(value)] * n, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _plain(value: Any) -> Any:
    return value.as_py() if isinstance(value, pa.Scalar) else value


if __name__ == "__main__":
    main()
