"""The sections of a report that rest on analyses of their own: written where these were computed, else named."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from analysis.report.asking import ASKING, write_asking
from analysis.report.disagreement import DISAGREEMENT, write_disagreement
from analysis.report.document import Code, Text
from analysis.report.draft import Draft
from analysis.report.groups import GROUPS, write_groups
from analysis.report.latent import LATENT, write_latent
from analysis.report.mixed import EMOTION_MAP, write_mixed
from analysis.report.planning import PLANNING, write_planning


@dataclass(frozen=True)
class Chapter:
    """name: of the analysis, which the words of a command name, too. title: what it is about."""

    name: str
    title: str
    write: Callable[[Draft], None]


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(EMOTION_MAP, "Opposite feelings at the same stimulus", write_mixed),
    Chapter(DISAGREEMENT, "Why people disagree", write_disagreement),
    Chapter(ASKING, "How the asking shaped the answers", write_asking),
    Chapter(GROUPS, "Groups of people", write_groups),
    Chapter(LATENT, "Beside methods that assume one true label", write_latent),
    Chapter(PLANNING, "How many responses would be enough", write_planning),
)
CHAPTER_NAMES = tuple(chapter.name for chapter in CHAPTERS)


def command_of(study: str, analysis: str, snapshot_id: str) -> str:
    """What prints an analysis of this snapshot again."""
    words = ["manage.py", "snapshot_analysis", study, analysis]
    if analysis == LATENT:
        words = ["manage.py", "latent", study, "--method", "all", "--json"]
    return shlex.join([*words, "--snapshot", snapshot_id[:12]])


def report_command(study: str, snapshot_id: str, chapters: list[str] | str) -> str:
    """What writes this very report again."""
    names = chapters if isinstance(chapters, str) else ",".join(chapters) or "none"
    words = ["manage.py", "report", study, "--snapshot", snapshot_id[:12], "--with", names]
    return shlex.join([*words, "--format", "html", "--out", "report.html"])


def write_chapters(draft: Draft) -> None:
    for chapter in CHAPTERS:
        if draft.evidence.has(chapter.name):
            chapter.write(draft)


def write_what_is_missing(draft: Draft) -> None:
    """The sections that are not here, each with the command that computes it."""
    missing = [chapter for chapter in CHAPTERS if not draft.evidence.has(chapter.name)]
    if not missing:
        return
    draft.heading("What was not computed")
    draft.say("These sections are missing, since nobody has computed them for this snapshot with this program:")
    items: list[Text] = [
        [f"{chapter.title}: ", Code(command_of(draft.name, chapter.name, draft.snapshot_id))] for chapter in missing
    ]
    draft.items(items)
    draft.say(
        "The report with all of them, computed where they are missing: ",
        Code(report_command(draft.name, draft.snapshot_id, "all")),
    )
