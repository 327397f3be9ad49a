"""Write the pages that are made from the code: `make openapi`. tests/house/test_docs.py compares them.

.env.example                        config.env.SETTINGS
docs/operator/settings.md           config.env.SETTINGS
docs/reference/openapi.yaml         the endpoints
docs/reference/endpoints.md         the endpoints, as a list
docs/reference/commands.md          every management command of ours, as its --help says
docs/reference/statistics.md        analysis.statistics: STATISTICS, MAJORITY_RULES
docs/reference/jobs.md              jobs.registry.JOB_KINDS, and the schedule
docs/reference/exports.md           snapshots.exports.EXPORT_FORMATS and their columns
docs/reference/training_options.md  modelserve.options
docs/reference/rights.md            annotation.access.RIGHTS
docs/reference/steps.md             annotation.steps.KINDS and the study templates
"""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from celery.schedules import crontab

ROOT = Path(__file__).resolve().parent.parent
OUR_APPS = ("jobs", "annotation", "modelserve", "analysis")
# Help texts are broken at this width, so that they are the same on every terminal.
WIDTH = "100"


def main() -> None:
    _start_django()
    for name, text in pages().items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)
            sys.stdout.write(f"wrote {name}\n")


def pages() -> dict[str, str]:
    """Every generated file, by its path below the repository's root. Needs Django's settings, no database."""
    return {
        ".env.example": env_example(),
        "docs/operator/settings.md": settings_page(),
        "docs/reference/openapi.yaml": openapi(),
        "docs/reference/endpoints.md": endpoints_page(),
        "docs/reference/commands.md": commands_page(),
        "docs/reference/statistics.md": statistics_page(),
        "docs/reference/jobs.md": jobs_page(),
        "docs/reference/exports.md": exports_page(),
        "docs/reference/training_options.md": training_options_page(),
        "docs/reference/rights.md": rights_page(),
        "docs/reference/steps.md": steps_page(),
    }


def _start_django() -> None:
    """Settings good enough to look at the code with; no server is asked anything."""
    sys.path.insert(0, str(ROOT))
    looked_at_with = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "only to look at the code",
        "ALLOWED_HOSTS": "localhost",
        "DATABASE_URL": "postgres://nobody@localhost/nothing",
        "REDIS_URL": "redis://localhost/0",
    }
    for name, value in looked_at_with.items():
        os.environ.setdefault(name, value)
    import django

    django.setup()


def env_example() -> str:
    from config.env import SETTINGS

    lines = [
        "# Every setting with its default; docs/operator/settings.md shows the same as a table.",
        "# Copy this file to .env and uncomment what you change. The environment wins over .env.",
    ]
    for setting in SETTINGS:
        lines += ["", f"# {setting.meaning}", f"# {setting.name}={setting.default}"]
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    from config.env import SETTINGS

    rows = [(f"`{s.name}`", f"`{s.default}`" if s.default else "", s.meaning) for s in SETTINGS]
    return _page(
        "Settings",
        "For operators. Every setting is an environment variable. `make up` also reads them from a file `.env` beside "
        "the Makefile, one `NAME=value` a line (`.env.example` is a template); the environment wins. Whoever starts "
        "the processes without `make up` sets them in the environment.\n\nA value that cannot be used stops the start "
        "with a sentence that names the variable. yes/no settings take `yes`, `true`, `on`, `1` and `no`, `false`, "
        "`off`, `0`. Without `make up`, the site does not start before `SECRET_KEY` (or `SECRET_KEY_FILE`), "
        "`ALLOWED_HOSTS`, `DATABASE_URL` and `REDIS_URL` are set.",
        _table(("variable", "default", "meaning"), rows),
    )


def openapi() -> str:
    from drf_spectacular.renderers import OpenApiYamlRenderer

    rendered: bytes = OpenApiYamlRenderer().render(_schema(), renderer_context={})  # type: ignore[no-untyped-call]
    return rendered.decode()


def _schema() -> dict[str, Any]:
    from drf_spectacular.generators import SchemaGenerator

    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


def endpoints_page() -> str:
    rows = []
    for address, methods in sorted(_schema()["paths"].items()):
        operations = {method.upper(): operation for method, operation in methods.items() if "responses" in operation}
        # methods without a docstring of their own share the endpoint's
        words = dict.fromkeys(" ".join(str(o.get("description", "")).split()) for o in operations.values())
        rows.append((", ".join(operations), f"`{address}`", " ".join(words)))
    return _page(
        "Endpoints",
        "For programs. All endpoints of the REST API; `openapi.yaml` beside this page describes their inputs, and a "
        "running site serves the same at `/api/v1/schema`. How to sign in, and what errors look like: [API](api.md).",
        _table(("methods", "address", "what it does"), rows),
    )


def commands_page() -> str:
    parts = [f"## {name}\n\n```\n{_help(app, name).rstrip()}\n```" for app, name in our_commands()]
    return _page(
        "Commands",
        "For operators and researchers with a terminal: `.venv/bin/python manage.py COMMAND ...`. It works on the data "
        "of `make up`, whether that is running or not; where `DATABASE_URL` and `REDIS_URL` name servers of your own, "
        "on those. Each command explains itself with `--help`, shown here.",
        "\n\n".join(parts),
    )


def our_commands() -> list[tuple[str, str]]:
    """(app, command) of every management command that this product brings, by name."""
    found = [
        (app, file.stem)
        for app in OUR_APPS
        for file in (ROOT / app / "management" / "commands").glob("*.py")
        if not file.stem.startswith("_")
    ]
    return sorted(found, key=lambda entry: entry[1])


# What every Django command takes; not repeated for each of ours.
DJANGO_OPTIONS = {
    "--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color", "--force-color",
    "--skip-checks",
}  # fmt: skip


def _help(app: str, name: str) -> str:
    command = import_module(f"{app}.management.commands.{name}").Command(no_color=True)
    parser = command.create_parser("manage.py", name)
    for action in parser._actions:
        if DJANGO_OPTIONS.intersection(action.option_strings):
            action.help = argparse.SUPPRESS
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = WIDTH
    try:
        return str(parser.format_help())
    finally:
        del os.environ["COLUMNS"]
        if before is not None:
            os.environ["COLUMNS"] = before


def statistics_page() -> str:
    from analysis.statistics import MAJORITY_RULES, STATISTICS

    def range_of(statistic: Any) -> str:
        high = "log(number of labels)" if statistic.high is None else f"{statistic.high:g}"
        return f"{statistic.low:g} to {high} {statistic.unit}"

    rows = [
        (f"`{s.name}`" + (f", per {s.members}" if s.members else ""), s.title, s.definition, range_of(s), s.source)
        for s in STATISTICS
    ]
    rules = [(f"`{rule.name}`", rule.title, rule.sentence, rule.source) for rule in MAJORITY_RULES]
    return _page(
        "Statistics",
        "For researchers. The definition of every figure that pages, the API and `analyze` give. Only accepted "
        "responses count: withdrawn and surplus ones do not; simulated ones do, until they are removed, and every "
        "figure says how many they are.\n\nEach estimate comes as `value`, `low`, `high` and `n`. `low` and `high` "
        "are its 95 % interval, from a thousand bootstrap resamples of the *stimuli*, since answers to one stimulus "
        "depend on each other; `n` is the number of stimuli behind the figure. Where a statistic is not defined, "
        "`value` is null and `reason` says why.",
        _table(("name", "title", "definition", "range and unit", "source"), rows)
        + "\n\n## The four majority rules\n\nThe literature uses all four under one word, so every figure names its "
        "rule.\n\n" + _table(("name", "title", "a stimulus has a majority when", "source"), rules),
    )


def jobs_page() -> str:
    from celery import current_app

    from config.celery import app
    from jobs.registry import JOB_KINDS

    app.loader.import_default_modules()
    current_app.finalize()
    kinds = [
        (f"`{kind.name}`", f"`{kind.queue}`", _duration(kind.time_limit_seconds), _arguments(kind.work.__doc__))
        for kind in sorted(JOB_KINDS.values(), key=lambda kind: (kind.queue, kind.name))
    ]
    schedule = [
        (entry["task"], _rhythm(entry["schedule"]), name[0].upper() + name[1:])
        for name, entry in app.conf.beat_schedule.items()
    ]
    schedule_rows = [(f"`{task}`", every, meaning) for task, every, meaning in schedule]
    return _page(
        "Jobs and queues",
        "For operators and developers. Long work is a row in the table of jobs before it is a message: a lost message "
        "or a killed worker delays a job, and loses none. A job that was running when its worker died is taken up "
        "again within about half a minute, five times at most; it can be cancelled and shows its progress.",
        _table(("kind", "queue", "time limit", "arguments"), kinds)
        + "\n\n## Queues\n\n"
        + _table(
            ("queue", "what waits in it", "process of `make up`"),
            [
                ("`default`", "short work: leases that run out, the sweeper", "everyday"),
                ("`analysis`", "statistics, recounts", "everyday"),
                ("`exchange`", "imports, exports, snapshots", "everyday"),
                ("`training`", "training of networks, predictions for whole studies; one at a time", "training"),
            ],
        )
        + "\n\n## Schedule\n\nBeat rings for these; a ring that nobody hears in time is dropped, and the next one does "
        "the work.\n\n" + _table(("task", "every", "purpose"), schedule_rows),
    )


def exports_page() -> str:
    from snapshots.exports import EXPORT_FORMATS
    from snapshots.exports.affection_preprocessed import PREPROCESSED_SCHEMA
    from snapshots.exports.affection_raw import RAW_SCHEMA
    from snapshots.schema import RESPONSES, STIMULUS_COLUMNS_IN_EXPORTS

    formats = [(f"`{e.name}`", e.title, f"`.{e.extension}`", e.sentence) for e in EXPORT_FORMATS.values()]
    flat = [(f"`{column.name}`", f"`{column.type}`", column.meaning) for column in RESPONSES.columns]
    added = [(f"`{column.name}`", column.meaning) for column in STIMULUS_COLUMNS_IN_EXPORTS]
    raw = ", ".join(f"`{name}`" for name in RAW_SCHEMA.names)
    preprocessed = ", ".join(f"`{name}`" for name in PREPROCESSED_SCHEMA.names)
    return _page(
        "Exports",
        "For researchers. The formats in which a snapshot can be taken away, and their columns. How cells are written "
        "(null, empty text, formulas): [snapshot format](snapshot_format.md#exports).",
        _table(("name", "title", "file", "what it is"), formats)
        + "\n\n## Columns of `csv`, `jsonl` and `parquet`\n\nOne row per response, accepted and surplus.\n\n"
        + _table(("column", "type", "meaning"), flat)
        + "\n\nAfter `stimulus_key` stand two columns of the stimulus:\n\n"
        + _table(("column", "meaning"), added)
        + "\n\nThe last columns are those of the study's steps, in their order; a choice or text step has one column "
        "of its name.\n\n## Columns of `affection_raw`\n\n"
        + raw
        + "\n\n## Columns of `affection_preprocessed`\n\n"
        + preprocessed,
    )


def training_options_page() -> str:
    from modelserve.options import PROMOTION_METRICS, TASKS, describe_options

    parts = []
    for task in TASKS.values():
        rows = [(f"`{o['name']}`", f"`{o['default']}`", _allowed(o), o["meaning"]) for o in describe_options(task.name)]
        rows.append(("`promote_by`", f"`{task.promote_by}`", "see below", "the metric that decides a promotion"))
        parts.append(
            f"## {task.title} (`{task.name}`)\n\nReads: {task.reads}.\n\n"
            + _table(("option", "default", "allowed", "meaning"), rows)
        )
    metrics = [(f"`{name}`", "smaller" if smaller else "larger") for name, smaller in PROMOTION_METRICS.items()]
    parts.append("## What may decide a promotion\n\n" + _table(("metric", "better is"), metrics))
    return _page(
        "Training options",
        "For researchers. Every option of a training run; pages, the API and `train` take the same names. A value "
        "outside its range is refused with the option's name before anything starts.",
        "\n\n".join(parts),
    )


def rights_page() -> str:
    from annotation.access import RIGHTS

    rows = [
        (f"`{right}`", *("yes" if role in roles else "" for role in ("annotator", "researcher", "manager")), "yes")
        for right, roles in RIGHTS.items()
    ]
    return _page(
        "Rights",
        "For managers and admins. Who may do what in a study. To whoever has no role in it, a study does not exist "
        "(404); a member without the right is told so (403). Admins are superusers of the installation. Creating "
        "studies needs the group *Study creators* and is no right inside a study; whoever creates one manages it.",
        _table(("right", "annotator", "researcher", "manager", "admin"), rows),
    )


def steps_page() -> str:
    from annotation.steps import KINDS
    from annotation.study_templates import study_templates

    kinds = [(f"`{kind.name}`", kind.title, kind.help) for kind in KINDS.values()]
    templates = [
        (f"`{name}`", t["title"], ", ".join(f"{step['name']} ({step['kind']})" for step in t["steps"]))
        for name, t in study_templates().items()
    ]
    return _page(
        "Steps and study templates",
        "For researchers. A study's task is an ordered list of steps; a template is a ready list with texts.",
        _table(("kind", "title", "help"), kinds)
        + "\n\n## Templates\n\n"
        + _table(("name", "title", "steps"), templates),
    )


def _allowed(option: dict[str, Any]) -> str:
    if option["least"] is None:
        return "yes or no" if option["type"] == "bool" else "see meaning"
    return f"{option['least']:g} to {option['most']:g}"


def _duration(seconds: float) -> str:
    for length, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"


def _rhythm(schedule: Any) -> str:
    """How often beat starts something: every so many seconds, or daily at a time."""
    if isinstance(schedule, crontab):
        return f"daily at {min(schedule.hour):02d}:{min(schedule.minute):02d} UTC"
    return _duration(float(schedule))


def _arguments(docstring: str | None) -> str:
    return " ".join((docstring or "").strip().removeprefix("arguments: ").split())


def _page(title: str, introduction: str, body: str) -> str:
    made = "<!-- Made from the code by `make openapi` (docs/make_reference.py); do not edit by hand. -->"
    return f"{made}\n\n# {title}\n\n{introduction}\n\n{body}\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


if __name__ == "__main__":
    main()
