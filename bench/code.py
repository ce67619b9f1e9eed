"""Code search over source trees: speed of building, size, and 40 queries. `python bench/code.py FOLDER… [--megabytes N] [--keep FOLDER]`

Every folder counts as one repository. Times are of the first 50 results of a query, after one round that is not counted.
"""

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
_folder = tempfile.mkdtemp(prefix="openi-bench-code-")
os.environ["OPENI_DATA_DIR"] = _folder
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")

import django  # noqa: E402

django.setup()
from bench.common import HEAD, row, table  # noqa: E402
from core import filetypes  # noqa: E402
from core.documents import Access  # noqa: E402
from core.encodings import decode, is_binary  # noqa: E402
from search.logic.patterns import parse_code  # noqa: E402
from search.ports.code import CodeIndex, Source  # noqa: E402

QUERIES = [
    "import", "ImportError", '"def __init__(self"', "TODO", "urllib", "subprocess.Popen", "return None", "struct timeval", "EPOLLIN", "ioctl",
    "RuntimeWarning", '"for i in range"', "sha256", "NotImplementedError", "deepcopy", "memcpy", "zlib", "unicodedata", "asyncio.gather", "lru_cache",
    r"/def test_\w+_error/", r"/class \w+Error\(/", r"/raise \w+Error\(f\"/", r"/import (numpy|pandas)/", r"/0x[0-9a-f]{8}deadbeef/", r"/static inline \w+ \*?\w+_get\(/",
    r"/assert .* is None/", r"/https?:\/\/[\w.]+\/rfc\d+/", r"/@property\s+def \w+_id/", r"/__slots__ = \(/", r"/#define \w+_VERSION/", r"/lambda \w+: \w+\[0\]/",
    r"/xmlns=\"http/", r"/re\.compile\(r\"/", "sym:main", "sym:Parser", "sym:get*", "sym:connect", "sym:Token", "sym:decode",
]  # fmt: skip


def sources(folder: Path) -> Iterator[Source]:
    """What the portal would index of a folder."""
    for path in sorted(folder.rglob("*")):
        if (
            not path.is_file()
            or path.is_symlink()
            or path.stat().st_size > 512 * 1024
            or filetypes.is_generated(str(path.relative_to(folder)))
        ):
            continue
        data = path.read_bytes()
        if data and not is_binary(data) and len(data) / (data.count(b"\n") + 1) < 5000:
            yield Source(
                str(path.relative_to(folder)), hashlib.sha1(data).hexdigest(), filetypes.language(path.name, data[:8192]), decode(data).text
            )


def main() -> None:
    """Print a table for docs/explanation/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--megabytes", type=int, default=2000, help="stop at so much source text")
    parser.add_argument(
        "--copies",
        type=int,
        default=1,
        help="index each file so often, each time with another line at its end, where there is too little source",
    )
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--slowest", action="store_true")
    options = parser.parse_args()
    index = CodeIndex(options.keep or Path(_folder))
    if not index.known():
        fill(index, options.folders, most=options.megabytes << 20, times=options.copies)
    wall, cpu, names = measured(index)
    print(f"load {os.getloadavg()[0]:.1f}")
    table(HEAD, [row("40 queries, first 50", wall, cpu)])
    if options.slowest:
        print(sorted(((round(ms), text) for ms, text in zip(cpu, names, strict=True)), reverse=True)[:12])


def fill(index: CodeIndex, folders: list[Path], *, most: int, times: int) -> None:
    """Index the folders, four megabytes of text a write, until `most` bytes; print the speed and the size."""
    read, began, spent = 0, time.monotonic(), time.process_time()
    for number, folder in enumerate(folders, 1):
        index.describe(number, label=f"bench/r{number}", owner="bench", level="public", head="x")
        some: list[Source] = []
        held = 0
        for one in (made for source in sources(folder) for made in copies(source, times)):
            some.append(one)
            held += len(one.text)
            if held > 4 << 20:
                read += write(index, number, some)
                some, held = [], 0
            if read > most:
                break
        read += write(index, number, some)
    took, cpu = time.monotonic() - began, time.process_time() - spent
    size = sum(path.stat().st_size for path in index.folder.glob("code.sqlite3*"))
    speed = f"{read / 1e6 / took:.2f} MB/s ({read / 1e6 / cpu:.2f} MB per CPU second)"
    print(f"{read / 1e6:.0f} MB of sources: {speed}, index {size / read:.2f} × the sources")


def measured(index: CodeIndex) -> tuple[list[float], list[float], list[str]]:
    """Wall and processor milliseconds of each query, and its text; the first of four rounds warms up."""
    wall, cpu, names = [], [], []
    for round_ in range(4):
        for text in QUERIES:
            began, spent = time.perf_counter(), time.process_time()
            index.search(parse_code(text), Access(frozenset({"public"})), limit=50)
            if round_:
                wall.append((time.perf_counter() - began) * 1000)
                cpu.append((time.process_time() - spent) * 1000)
                names.append(text)
    return wall, cpu, names


def copies(one: Source, count: int) -> Iterator[Source]:
    """The file, and others that differ from it in a line."""
    yield one
    for number in range(1, count):
        yield Source(f"copy{number}/{one.path}", f"{one.oid}-{number}", one.language, f"{one.text}\n# copy {number} of {one.oid}\n")


def write(index: CodeIndex, number: int, some: list[Source]) -> int:
    """Characters written."""
    index.add(some)
    index.place(number, gone=(), put=[(one.path, one.oid) for one in some])
    return sum(len(one.text) for one in some)


if __name__ == "__main__":
    main()
