"""Small pictures and files that tests bring to the imports."""

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image


def picture(colour: Any = "steelblue", *, size: tuple[int, int] = (60, 40), kind: str = "JPEG", **more: Any) -> bytes:
    """A picture with a gradient, so that another colour is another image after JPEG as well."""
    image = Image.new("RGB", size, colour)
    image.paste(Image.linear_gradient("L").resize((size[0], size[1] // 2)).convert("RGB"), (0, 0))
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def as_zip(members: dict[str, bytes], **more: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **more) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A small file whose header says that it is huge."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )
