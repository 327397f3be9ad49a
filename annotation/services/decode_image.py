"""Turn what somebody uploads into one clean JPEG, or say why not.

Nothing of the upload is stored: it is decoded, turned upright, brought to sRGB and written anew without metadata,
so that what is served can hold neither script nor place of home, and the same picture has the same bytes and hash.
"""

import hashlib
import io
import re
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from annotation.errors import ImageRefused

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
QUALITY = 92  # no difference to be seen at reading distance; changing it changes every hash
# what Pillow's decoders raise for broken files
BROKEN = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, RuntimeError, MemoryError,
    ArithmeticError, AttributeError, struct.error, zlib.error,
)  # fmt: skip
# what phones write instead of JPEG: their patents keep it out of free programs
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# our own limit is checked from the header, before anything is decoded; Pillow must not say no below it
Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, settings.IMAGE_MAX_PIXELS)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@dataclass(frozen=True)
class DecodedImage:
    """A picture as it is stored: JPEG bytes, their sha256, and its size in pixels."""

    jpeg: bytes
    sha256: str
    width: int
    height: int


def decode_image(upload: BinaryIO, name: str) -> DecodedImage:
    """Reads an uploaded file. Raises ImageRefused with a sentence that names the file."""
    content = upload.read(settings.UPLOAD_MAX_BYTES + 1)
    if len(content) > settings.UPLOAD_MAX_BYTES:
        raise ImageRefused(f"{name} is larger than {settings.UPLOAD_MAX_BYTES // 1_000_000} MB; make it smaller.")
    if not content:
        raise ImageRefused(f"{name} is empty.")
    with _opened(content, name) as image:
        _check_size(image.width * image.height, name)
        try:
            n_pictures = getattr(image, "n_frames", 1)
            if n_pictures > 1 and image.format != "MPO":
                raise ImageRefused(f"{name} holds {n_pictures} pictures (animated, or several pages); one is needed.")
            image.load()
            if image.mode in ("I", "F"):
                raise ImageRefused(
                    f"{name} holds 32 bits of brightness per pixel, and does not say which is white; save it with 8 or "
                    "16."
                )
            upright = _on_white(_in_srgb(ImageOps.exif_transpose(image)))
        except BROKEN as error:
            raise ImageRefused(f"{name} is broken or cut off: it cannot be decoded to its end ({error}).") from error
    return encode(upright)


def encode(image: Image.Image) -> DecodedImage:
    """An RGB picture as the JPEG we store; the same pixels give the same bytes."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    jpeg = out.getvalue()
    return DecodedImage(jpeg, hashlib.sha256(jpeg).hexdigest(), image.width, image.height)


def _opened(content: bytes, name: str) -> Image.Image:
    """The picture's header, read; nothing is decoded yet."""
    start = content[:1000].lstrip().lower()
    if start.startswith((b"<svg", b"<?xml", b"<!doctype svg")) or b"<svg" in start:
        raise ImageRefused(f"{name} is an SVG drawing, which may hold scripts; export it as PNG or JPEG.")
    if content[4:8] == b"ftyp" and content[8:12] in HEIC and b"avif" not in content[8:64]:
        raise ImageRefused(f"{name} is a HEIC picture, as phones take them; export it as JPEG.")
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        found = re.search(r"\((\d+) pixels\)", str(error))
        _check_size(int(found[1]) if found else settings.IMAGE_MAX_PIXELS + 1, name)
        raise ImageRefused(f"{name} has too many pixels to be decoded safely.") from error
    except UnidentifiedImageError:
        raise ImageRefused(f"{name} is not an image that can be read; JPEG, PNG, WebP, GIF, BMP, TIFF can.") from None
    except BROKEN as error:
        raise ImageRefused(f"{name} is broken: its header cannot be read ({error}).") from error


def _check_size(n_pixels: int, name: str) -> None:
    if n_pixels > settings.IMAGE_MAX_PIXELS:
        raise ImageRefused(
            f"{name} has {n_pixels / 1e6:,.0f} megapixels; at most {settings.IMAGE_MAX_PIXELS / 1e6:,.0f} are "
            "accepted. Make it smaller."
        )


def _in_srgb(image: Image.Image) -> Image.Image:
    """Colours of a wide-gamut or print profile as they look, since the profile itself is dropped."""
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    if image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        kept = "RGBA" if image.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(image, source, SRGB, outputMode=kept) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # a broken profile says nothing about the picture


def _on_white(image: Image.Image) -> Image.Image:
    """RGB without transparency; what was transparent is white, as on paper."""
    if image.mode.startswith("I"):  # 16 bits of grey
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
        image.info.pop("transparency", None)  # a shade of 16 bits, which is none of these
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image).convert("RGB")
    return image.convert("RGB")
