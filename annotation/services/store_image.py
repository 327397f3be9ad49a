"""Keep pictures in the storage under the hash of their bytes, and the smaller sizes that phones and lists load."""

import io
from pathlib import Path

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from annotation.images import SIZES
from annotation.models import Study
from annotation.services.decode_image import QUALITY
from jobs.services import start_job
from snapshots.local_copy import image_name

SIZES_PER_JOB = 500


def store_image(sha256: str, jpeg: Path) -> None:
    """Puts a clean JPEG where it belongs; one that is there already is the same."""
    with jpeg.open("rb") as file:
        _save(image_name(sha256), File(file))


def derive_sizes(sha256: str) -> int:
    """Makes the smaller sizes that are missing. Returns how many. May run twice, and beside itself."""
    wanted = {name: side for name, side in SIZES.items() if side}
    missing = {name: side for name, side in wanted.items() if not default_storage.exists(image_name(sha256, name))}
    if not missing:
        return 0
    with default_storage.open(image_name(sha256)) as file:
        picture = Image.open(file, formats=("JPEG",)).convert("RGB")
    for name, side in sorted(missing.items(), key=lambda row: -row[1]):
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)  # from the larger size to the smaller one
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=QUALITY - 7, optimize=True, progressive=True)
        _save(image_name(sha256, name), ContentFile(out.getvalue()))
    return len(missing)


def start_derivation(study: Study, sha256s: list[str]) -> None:
    """Jobs that make the smaller sizes of many images; until they are there the whole image is shown."""
    for start in range(0, len(sha256s), SIZES_PER_JOB):
        arguments = {"sha256s": sha256s[start : start + SIZES_PER_JOB]}
        start_job("derive_images", study_key=study.slug, arguments=arguments)


def _save(name: str, content: File) -> None:  # type: ignore[type-arg]  # of bytes, whichever kind
    if default_storage.exists(name):
        return
    stored = default_storage.save(name, content)
    if stored != name:  # somebody stored the same picture in this moment; theirs is as good
        default_storage.delete(stored)
