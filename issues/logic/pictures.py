"""Pictures drawn anew: what comes out holds pixels and nothing else, and what would unfold to too much is refused."""

import io
from dataclasses import dataclass
from typing import Any

MAX_BYTES, MAX_PIXELS, MAX_FRAMES = 10 * 1024**2, 25_000_000, 200
KINDS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")


class NoPicture(ValueError):
    """`kind`: "broken", "bytes" or "pixels"."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Picture:
    """Bytes of a picture, its content type and its size in pixels."""

    data: bytes
    kind: str
    width: int
    height: int


def looks_like_one(head: bytes) -> bool:
    """True if the first bytes are those of a picture that pages show."""
    return head.startswith(_BEGINNINGS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def redrawn(data: bytes) -> Picture:
    """The picture turned upright, without metadata, in its own format; animations keep their frames. Raises NoPicture."""
    from PIL import Image, ImageOps, UnidentifiedImageError  # at first use: 5 MB in each process

    if len(data) > MAX_BYTES:
        raise NoPicture("bytes")
    out = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data), formats=tuple(KINDS)) as picture:
            kind, frames = str(picture.format), int(getattr(picture, "n_frames", 1))
            if picture.width * picture.height * min(frames, MAX_FRAMES) > MAX_PIXELS * (4 if frames > 1 else 1):
                raise NoPicture("pixels")
            if frames > 1 and kind in ("GIF", "WEBP"):
                width, height = _animation(picture, kind, min(frames, MAX_FRAMES), out)
            else:
                upright = ImageOps.exif_transpose(picture)
                width, height = _still(upright, kind, out)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NoPicture("pixels") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
        if isinstance(error, NoPicture):
            raise
        raise NoPicture("broken") from error
    return Picture(out.getvalue(), KINDS[kind], width, height)


def _still(picture: Any, kind: str, out: io.BytesIO) -> tuple[int, int]:
    modes = {"JPEG": "RGB", "GIF": "RGBA", "PNG": "RGBA", "WEBP": "RGBA"}
    keeps = {"JPEG": ("L", "RGB"), "PNG": ("1", "L", "LA", "P", "RGB", "RGBA"), "GIF": ("P", "L"), "WEBP": ("RGB", "RGBA")}
    plain = picture if picture.mode in keeps[kind] else picture.convert(modes[kind])
    transparency = picture.info.get("transparency")
    plain.info = {} if transparency is None or plain is not picture else {"transparency": transparency}
    options: dict[str, Any] = {"JPEG": {"quality": 88}, "WEBP": {"quality": 88}, "PNG": {}, "GIF": {}}[kind]
    plain.save(out, kind, exif=b"", icc_profile=None, **options) if kind != "GIF" else plain.save(out, kind)
    return plain.width, plain.height


def _animation(picture: Any, kind: str, frames: int, out: io.BytesIO) -> tuple[int, int]:
    drawn, times = [], []
    for place in range(frames):
        picture.seek(place)
        frame = picture.convert("RGBA")
        frame.info = {}
        drawn.append(frame)
        times.append(int(picture.info.get("duration", 100) or 100))
    drawn[0].save(out, kind, save_all=True, append_images=drawn[1:], duration=times, loop=int(picture.info.get("loop", 0) or 0))
    return int(drawn[0].width), int(drawn[0].height)
