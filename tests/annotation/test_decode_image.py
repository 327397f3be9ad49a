"""What is uploaded becomes one clean JPEG, or is refused with a sentence."""

import contextlib
import io
import random
from typing import Any

import pytest
from PIL import Image, ImageCms

from annotation.errors import ImageRefused
from annotation.services.decode_image import DecodedImage, decode_image
from tests.annotation.pictures import picture, png_that_claims


def decoded(content: bytes, name: str = "a.jpg") -> DecodedImage:
    return decode_image(io.BytesIO(content), name)


def reopened(image: DecodedImage) -> Image.Image:
    return Image.open(io.BytesIO(image.jpeg))


def exif_of_a_camera() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x011A] = 6, "maker of the camera", 72.0
    return exif


def test_the_same_pixels_give_the_same_bytes_and_hash() -> None:
    first, again = decoded(picture(kind="PNG")), decoded(picture(kind="BMP"))
    assert first.sha256 == again.sha256
    assert first.jpeg.startswith(b"\xff\xd8")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_usual_kind_becomes_an_rgb_jpeg(kind: str) -> None:
    image = decoded(picture(kind=kind))
    assert (image.width, image.height) == (60, 40)
    assert (reopened(image).format, reopened(image).mode) == ("JPEG", "RGB")


def test_a_picture_held_sideways_is_turned_upright_and_forgets_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    exif[0x010F] = "maker of the camera"
    image = decoded(picture(exif=exif))
    assert (image.width, image.height) == (40, 60)
    assert not reopened(image).getexif()


def test_what_is_transparent_becomes_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(out, "PNG")
    assert reopened(decoded(out.getvalue())).getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "CMYK", "I;16"])
def test_pictures_in_other_colour_modes_are_read(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (8, 8)).save(out, "TIFF" if mode == "CMYK" else "PNG")
    assert reopened(decoded(out.getvalue())).mode == "RGB"


def test_a_picture_of_300_megapixels_is_refused_by_its_header() -> None:
    with pytest.raises(ImageRefused, match=r"huge\.png has 300 megapixels; at most 50"):
        decoded(png_that_claims(20_000, 15_000), "huge.png")


def test_a_picture_just_over_the_limit_is_refused_before_it_is_decoded(settings: Any) -> None:
    settings.IMAGE_MAX_PIXELS = 2_000
    with pytest.raises(ImageRefused, match="megapixels"):
        decoded(picture())


def test_a_file_that_is_too_large_is_refused(settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 500
    with pytest.raises(ImageRefused, match="larger than"):
        decoded(picture(size=(400, 400), kind="BMP"))


@pytest.mark.parametrize(
    "drawing",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<?xml version="1.0"?>\n<svg></svg>',
        b"  <!-- a comment -->\n<svg/>",
    ],
)
def test_an_svg_is_refused(drawing: bytes) -> None:
    with pytest.raises(ImageRefused, match="SVG"):
        decoded(drawing, "drawing.svg")


def test_a_moving_picture_is_refused() -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(ImageRefused, match="holds 3 pictures"):
        decoded(out.getvalue(), "moving.gif")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
def test_a_picture_that_is_cut_off_is_refused(kind: str) -> None:
    whole = picture(size=(300, 200), kind=kind)
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(ImageRefused, match=r"cut\.jpg"):
            decoded(whole[: int(len(whole) * share)], "cut.jpg")


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"hello", b"\x89PNG\r\n\x1a\n", b"<html></html>", bytes(100)])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(ImageRefused, match=r"no\.jpg"):
        decoded(content, "no.jpg")


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_swapped_primaries(profile: bytes) -> bytes:
    """A profile in which red and blue are exchanged, so that its effect cannot be missed."""
    return profile.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_colours_of_another_profile_look_as_they_did(mode: str) -> None:
    out = io.BytesIO()
    image = Image.new("RGB", (8, 8), (255, 0, 0)).convert(mode)
    image.save(out, "PNG", icc_profile=with_swapped_primaries(srgb_profile()))
    red, _, blue = reopened(decoded(out.getvalue())).getpixel((4, 4))  # type: ignore[misc]
    assert blue > 200 > 50 > red


def test_what_is_transparent_stays_so_beside_a_profile() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(out, "PNG", icc_profile=srgb_profile())
    assert reopened(decoded(out.getvalue())).getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_brightness_without_a_white_is_refused_and_not_made_black(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (8, 8), 1).save(out, "TIFF")
    with pytest.raises(ImageRefused, match="does not say which is white"):
        decoded(out.getvalue())


def test_grey_of_16_bits_with_a_transparent_shade_is_read() -> None:
    out = io.BytesIO()
    Image.new("I;16", (8, 8), 40_000).save(out, "PNG", transparency=65_535)
    assert reopened(decoded(out.getvalue())).getpixel((4, 4)) == (156, 156, 156)


def test_a_picture_of_a_phone_says_what_to_do() -> None:
    with pytest.raises(ImageRefused, match=r"IMG_1\.HEIC is a HEIC picture.*export it as JPEG"):
        decoded(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100), "IMG_1.HEIC")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"])
def test_noise_never_ends_in_anything_but_a_refusal(kind: str) -> None:
    chance = random.Random(7)
    whole = bytearray(picture(size=(80, 60), kind=kind, exif=exif_of_a_camera()))
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(5):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        with contextlib.suppress(ImageRefused):
            assert decoded(bytes(broken), "noise.png").width > 0
