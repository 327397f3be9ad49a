"""The images of a question to a network: stimuli of the study, or files that are kept for as long as it takes."""

import contextlib
from collections.abc import Iterator

from rest_framework.request import Request

from analysis.services.ask_about_images import stored_for_a_question
from annotation.errors import InvalidInput
from annotation.models import Study
from annotation.queries import images_by_key, sources_by_key
from annotation.services.decode_image import decode_image
from snapshots.local_copy import image_name

MOST_UPLOADS = 16  # each is decoded and written anew within the request


def image_names(study: Study, keys: list[str]) -> list[str]:
    """Where the images of these stimuli lie. Raises InvalidInput naming the first that is unknown or has no image."""
    images = images_by_key(study, keys)
    for number, key in enumerate(keys, start=1):
        if not images.get(key):
            fact = "has no image" if key in images else "is no stimulus of this study"
            raise InvalidInput(
                f"stimuli: item {number}, '{key}', {fact}. Nothing was predicted.", {"stimuli": [f"{key} {fact}."]}
            )
    return [image_name(images[key]) for key in keys]


def images_and_sources(study: Study, keys: list[str]) -> list[dict[str, str]]:
    """{image, source} of these stimuli. Raises as `image_names`."""
    names, sources = image_names(study, keys), sources_by_key(study, keys)
    return [{"image": name, "source": sources.get(key, "")} for key, name in zip(keys, names, strict=True)]


def uploaded(request: Request) -> list[tuple[str, bytes]]:
    """(name, JPEG as the study would store it) of each uploaded image. Raises InvalidInput, ImageRefused."""
    files = request.FILES.getlist("images")
    if not files or len(request.FILES) != 1 or len(files) > MOST_UPLOADS:
        raise InvalidInput(
            f"Send 1 to {MOST_UPLOADS} image files, each as a field called 'images'. Nothing was predicted.",
            {"images": [f"1 to {MOST_UPLOADS} files."]},
        )
    return [(file.name or "image", decode_image(file, file.name or "image").jpeg) for file in files]


@contextlib.contextmanager
def asked_images(study: Study, request: Request, *, most: int) -> Iterator[tuple[list[dict[str, str]], list[str]]]:
    """How the answer calls each image, and where it lies. most: of the study's own at once. Raises InvalidInput."""
    if not request.FILES:
        keys = request.data.get("stimuli") if isinstance(request.data, dict) else None
        if not isinstance(keys, list) or not 0 < len(keys) <= most or not all(isinstance(key, str) for key in keys):
            raise InvalidInput(
                f"Send 1 to {most} keys of images as 'stimuli', or files called 'images'. Nothing was predicted.",
                {"stimuli": [f"A list of 1 to {most} items."]},
            )
        yield [{"stimulus": key} for key in keys], image_names(study, keys)
        return
    decoded = uploaded(request)
    with stored_for_a_question([jpeg for _, jpeg in decoded]) as names:
        yield [{"image": name} for name, _ in decoded], names
