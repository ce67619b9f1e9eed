"""Third-party files are those that static/vendor/VENDOR.toml names, byte for byte."""

import hashlib
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static" / "vendor"
LISTED = tomllib.loads((VENDOR / "VENDOR.toml").read_text())["files"]


def test_hashes() -> None:
    """A changed file needs script/vendor_static, which writes the new hash."""
    for entry in LISTED:
        digest = hashlib.sha256((VENDOR / entry["path"]).read_bytes()).hexdigest()
        assert digest == entry["sha256"], f"{entry['path']} is not {entry['name']} {entry['version']} any more; run script/vendor_static"


def test_nothing_unlisted() -> None:
    """Every file has a name, a version and a licence."""
    listed = {entry["path"] for entry in LISTED}
    for path in VENDOR.rglob("*"):
        if path.is_file() and path.name != "VENDOR.toml":
            assert path.relative_to(VENDOR).as_posix() in listed, f"{path} is not in VENDOR.toml; add it to script/vendor_static"
    assert all(entry["name"] and entry["version"] and entry["licence"] for entry in LISTED)
