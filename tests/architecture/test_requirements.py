"""The lock files: every package pinned with hashes, for x86_64 and aarch64, and no host named in them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LOCKS = ["requirements.txt", "requirements-dev.txt"]
COMPILED = [
    "pygit2",
    "psycopg-binary",
    "pillow",
    "granian",
    "cryptography",
    "nh3",
    "rjieba",
    "argon2-cffi-bindings",
    "cffi",
    "charset-normalizer",
    "numpy",
    "scipy",
    "scikit-learn",
]


def entries(name: str) -> dict[str, list[str]]:
    """Requirement line → its hashes."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {line.split("--hash")[0].strip(): re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line) for line in lines}


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_is_pinned_with_hashes(name: str) -> None:
    for line, hashes in entries(name).items():
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^ ]+( ; .+)?$", line), f"{line}: run script/lock"
        assert hashes, f"{line} has no hash: run script/lock"


@pytest.mark.parametrize("name", [*LOCKS, "requirements.in", "requirements-dev.in", "pyproject.toml"])
def test_no_host_is_named(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|--trusted-host", text), (
        f"{name}: the index is the machine's own choice"
    )


@pytest.mark.parametrize("package", COMPILED)
def test_compiled_packages_are_locked_for_more_than_one_platform(package: str) -> None:
    """A hash for each wheel and the source archive: one hash alone would be one platform alone."""
    found = [hashes for line, hashes in entries("requirements.txt").items() if line.startswith((f"{package}==", f"{package}["))]
    assert found, f"{package} is not locked any more: take it out of COMPILED"
    assert len(found[0]) >= 2


def test_each_dependency_says_why() -> None:
    for name in ("requirements.in", "requirements-dev.in"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith(("#", "-c")):
                assert re.search(r"#\s*\S", line), f"{name}: {line} does not say why"
