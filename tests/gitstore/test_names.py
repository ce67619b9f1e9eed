"""Names that are refused."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstore import NameInvalid, check_path, check_ref_name, is_dotgit, path_fault, ref_name_fault


@pytest.mark.parametrize(
    "ref, fault",
    [
        ("refs/heads/main", ""),
        ("refs/heads/功能/新", ""),
        ("refs/tags/v1.0", ""),
        ("heads/main", "prefix"),
        ("refs/heads", "prefix"),
        ("refs/heads/a..b", "characters"),
        ("refs/heads/a.lock", "characters"),
        ("refs/heads/a b", "characters"),
        ("refs/heads/@{x", "characters"),
        ("refs/heads/x/.y", "characters"),
        ("refs/heads/.y", "characters"),
        ("refs/heads/--upload-pack=x", "dash"),
        ("refs/heads/a/-b", "dash"),
        ("refs/heads/" + "a" * 40, "hex"),
        ("refs/heads/" + "a" * 64, "hex"),
        ("refs/heads/HEAD", "head"),
        ("refs/heads/refs/heads/x", "refs"),
        ("refs/heads/" + "x" * 200, "length"),
        ("refs/heads/e\u0301", "unicode"),
        ("refs/heads/\udcff", "unicode"),
    ],
)
def test_ref_names(ref: str, fault: str) -> None:
    assert ref_name_fault(ref) == fault
    if fault:
        with pytest.raises(NameInvalid):
            check_ref_name(ref)


@given(st.text(alphabet=st.sampled_from("ab/.-@{}~^:?*[\\ \x00\x7flock你"), min_size=1, max_size=14))
def test_what_we_accept_git_accepts(name: str) -> None:
    ref = f"refs/heads/{name}"
    if ref_name_fault(ref) == "":
        assert subprocess.run(["git", "check-ref-format", ref], check=False).returncode == 0


@pytest.mark.parametrize(
    "part", [".git", ".GIT", ".Git ", ".git.", "git~1", "GIT~2", ".git::$INDEX_ALLOCATION", ".g\u200cit", ".git . ", "\ufeff.git"]
)
def test_spellings_of_dotgit(part: str) -> None:
    assert is_dotgit(part)
    assert path_fault(f"a/{part}/config") == "dotgit"


@pytest.mark.parametrize(
    "path", ["", "/a", "a/", "a//b", ".", "a/../b", "..", "a\\b", "a\nb", "a\0b", "x" * 256, "/".join("y" * 200 for _ in range(21))]
)
def test_paths_that_nobody_may_write(path: str) -> None:
    with pytest.raises(NameInvalid):
        check_path(path)


@pytest.mark.parametrize(
    "path", ["README.md", ".gitignore", ".github/workflows/x.yml", "-x", "--upload-pack=y", "文档/说明.md", "a b", ".gitmodules"]
)
def test_ordinary_paths(path: str) -> None:
    check_path(path)
