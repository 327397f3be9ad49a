"""Make stimuli out of what somebody brings: files, a folder, a zip, or a manifest.

Everything is checked first: every image is decoded and lies ready as a clean JPEG in a temporary folder before the
first one is stored, and the rows are written in one transaction. One bad image, member or row leaves nothing behind.
"""

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from django.db import transaction

from annotation.errors import ImageRefused, InvalidInput
from annotation.models import Study
from annotation.services.decode_image import decode_image
from annotation.services.insert_stimuli import NewStimulus, insert_stimuli
from annotation.services.read_archive import archive_images
from annotation.services.read_manifest import ManifestRow, manifest_rows, open_image
from annotation.services.read_table import Problems, open_table
from annotation.services.store_image import derive_sizes, start_derivation, store_image

Progress = Callable[[int, int, str], None]
SIZES_AT_ONCE = 20  # so few are made right away; a job makes the smaller sizes of more
MOST_CHARACTERS = {"name": 300, "source_dataset": 120}
IGNORED = {"thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class ImportedStimuli:
    """n_read: images or rows in all; n_duplicates: those that the study, or the same import, had already."""

    n_read: int
    n_added: int
    n_duplicates: int
    keys: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        counts = asdict(self)
        del counts["keys"]
        return counts


def no_progress(done: int, total: int, message: str) -> None:
    """For callers who do not want to know."""


def import_files(
    *, study: Study, files: list[tuple[str, BinaryIO]], source_dataset: str = "", progress: Progress = no_progress
) -> ImportedStimuli:
    """Images as (name, open file). Raises InvalidInput that names every file that cannot be used."""
    problems: dict[str, list[str]] = {}
    with _Workbench(study, source_dataset) as bench:
        for number, (name, file) in enumerate(files, start=1):
            progress(number - 1, len(files), "Checking images")
            try:
                bench.add(_checked_name(name), file, source_dataset=source_dataset)
            except ImageRefused as refusal:
                problems[name] = [refusal.message]
        _refuse("file", problems)
        return bench.finish(progress)


def import_archive(
    *,
    study: Study,
    path: Path,
    file_name: str = "",
    source_dataset: str = "",
    is_packed: bool = False,
    progress: Progress = no_progress,
) -> ImportedStimuli:
    """A zip of images. Raises InvalidInput that names every member that cannot be used.

    is_packed: the zip was made of many uploads (receive_uploads.py).
    """
    problems: dict[str, list[str]] = {}
    with (
        _Workbench(study, source_dataset) as bench,
        archive_images(path, file_name or path.name, is_packed=is_packed) as images,
    ):
        for number, image in enumerate(images, start=1):
            progress(number - 1, len(images), "Checking images")
            try:
                with image.open() as file:
                    bench.add(_checked_name(image.name), file, source_dataset=source_dataset)
            except ImageRefused as refusal:
                problems[image.name] = [refusal.message]
        _refuse("member", problems)
        return bench.finish(progress)


def import_folder(
    *, study: Study, folder: Path, source_dataset: str = "", progress: Progress = no_progress
) -> ImportedStimuli:
    """All files below a folder on this machine; names are their paths in it. For the command line."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not _is_ignored(path.relative_to(folder)))
    if not paths:
        raise InvalidInput(f"The folder {folder} holds no files.")
    problems: dict[str, list[str]] = {}
    with _Workbench(study, source_dataset) as bench:
        for number, path in enumerate(paths, start=1):
            progress(number - 1, len(paths), "Checking images")
            name = path.relative_to(folder).as_posix()
            try:
                with path.open("rb") as file:
                    bench.add(_checked_name(name), file, source_dataset=source_dataset)
            except ImageRefused as refusal:
                problems[name] = [refusal.message]
            except OSError as error:
                problems[name] = [f"{name} cannot be read ({error.strerror})."]
        _refuse("file", problems)
        return bench.finish(progress)


def import_manifest(
    *,
    study: Study,
    path: Path,
    file_name: str = "",
    root: Path | None = None,
    root_is_fence: bool = True,
    source_dataset: str = "",
    progress: Progress = no_progress,
) -> ImportedStimuli:
    """A table with a column path, url or name (and source_dataset, description; any other becomes metadata).

    root: the folder that paths are relative to; None = no paths. root_is_fence: paths may not lead out of it.
    source_dataset: for rows that name none.
    Raises InvalidRows with every bad row, InvalidInput.
    """
    table = open_table(path, name=file_name)
    problems = Problems(table.name)
    rows = list(manifest_rows(table, problems, root=root, root_is_fence=root_is_fence))
    # the rows themselves come first: who misspelt a column need not wait for ten thousand downloads
    problems.raise_if_any()
    if not rows:
        raise InvalidInput(f"{table.name} has a header but no rows, so there is nothing to import.")
    with _Workbench(study, source_dataset) as bench:
        for done, row in enumerate(rows):
            progress(done, len(rows), "Checking images" if row.has_image else "Reading rows")
            _add_row(bench, row, row.source_dataset or source_dataset, problems)
        problems.raise_if_any()
        return bench.finish(progress)


def _add_row(bench: "_Workbench", row: ManifestRow, source_dataset: str, problems: Problems) -> None:
    care: dict[str, Any] = {"content_note": row.content_note, "themes": row.themes, "strength": row.strength}
    if not row.has_image:
        bench.add_name(NewStimulus(row.name, source_dataset, row.description, row.metadata, **care))
        return
    try:
        with open_image(row) as file:
            bench.add(
                row.name,
                file,
                source_dataset=source_dataset,
                description=row.description,
                metadata=row.metadata,
                **care,
            )
    except ImageRefused as refusal:
        problems.add(row.number, row.column, refusal.message)


class _Workbench:
    """Where decoded images lie until all are known to be good. A context: the folder goes away at its end."""

    def __init__(self, study: Study, source_dataset: str = "") -> None:
        most = MOST_CHARACTERS["source_dataset"]
        if len(source_dataset) > most:
            raise InvalidInput(f"The name of a data set has at most {most} characters, not {len(source_dataset)}.")
        self.study = study
        self.stimuli: dict[str, NewStimulus] = {}
        self.n_read = 0

    def __enter__(self) -> "_Workbench":
        self._folder = tempfile.TemporaryDirectory(prefix="commonground-images-")
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def add(self, name: str, file: BinaryIO, **more: Any) -> None:
        """Decodes an image and keeps it ready. Raises ImageRefused."""
        decoded = decode_image(file, name)
        self.n_read += 1
        if decoded.sha256 in self.stimuli:
            return
        (Path(self._folder.name) / decoded.sha256).write_bytes(decoded.jpeg)
        self.stimuli[decoded.sha256] = NewStimulus(
            name,
            image_sha256=decoded.sha256,
            width=decoded.width,
            height=decoded.height,
            bytes=len(decoded.jpeg),
            **more,
        )

    def add_name(self, stimulus: NewStimulus) -> None:
        self.n_read += 1
        self.stimuli.setdefault(stimulus.key, stimulus)

    def finish(self, progress: Progress) -> ImportedStimuli:
        """Stores the images, then writes all rows at once, then sees to the smaller sizes."""
        images = [stimulus.image_sha256 for stimulus in self.stimuli.values() if stimulus.image_sha256]
        for number, sha256 in enumerate(images, start=1):
            progress(number, len(images), "Storing images")
            store_image(sha256, Path(self._folder.name) / sha256)
        with transaction.atomic():
            n_added = insert_stimuli(study=self.study, stimuli=self.stimuli.values())
        if len(images) <= SIZES_AT_ONCE:
            for sha256 in images:
                derive_sizes(sha256)
        else:
            start_derivation(self.study, images)
        return ImportedStimuli(self.n_read, n_added, self.n_read - n_added, tuple(self.stimuli))


def _checked_name(name: str) -> str:
    """The name as it is kept: a path with forward slashes. Raises ImageRefused."""
    clean = name.replace("\\", "/").strip().strip("/")
    if not clean or "\x00" in clean:
        raise ImageRefused(f"{name[:60]!r} is no name for an image.")
    most = MOST_CHARACTERS["name"]
    if len(clean) > most:
        raise ImageRefused(f"The name {clean[:40]!r}... has {len(clean)} characters; at most {most} are possible.")
    return clean


def _is_ignored(path: PurePosixPath | Path) -> bool:
    """What computers put beside pictures without being asked."""
    return path.name.lower() in IGNORED or any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _refuse(what: str, problems: dict[str, list[str]]) -> None:
    if not problems:
        return
    sentences = [sentences[0] for sentences in problems.values()]
    shown = " ".join(sentences[:5]) + (f" And {len(sentences) - 5} more." if len(sentences) > 5 else "")
    plural = what if len(problems) == 1 else f"{what}s"
    raise InvalidInput(f"{len(problems)} {plural} cannot be used: {shown} Nothing was imported.", problems)
