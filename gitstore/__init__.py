"""Git objects in pure Python, no Django: reads by pygit2 in process, everything that writes packs or history by the `git` binary.

Every function takes the repository's folder first. Oids are full lower-case hex; commits are named by oid (`resolve` and `commit_oid` turn
names into oids). Errors are in `gitstore.errors`. A pool, an alternate or a quarantine never decides what a reader may see: ask `reaches`.

Reads        commit commits entry entry_at tree tree_oid files sizes blob blob_size blob_stream blob_range
Refs         refs branches tags tag_details ref_oid commit_oid head resolve update_refs set_head
History      log between count authored · last_commits build_last_commits
Ancestry     merge_base is_ancestor divergence divergence_between reaches containing
Changes      diff commit_diff words diff_stream patch_stream · blame · archive grep
Writes       write_blob write_blob_stream write_commit commit_changes rename_edits fetch_objects · merge_trees
Repositories init_bare fork pool_of leave_pool · generations.renew_pool · after_import maintain maintain_pool collect purge commit_graph disk_size fsck locked
Signatures   signature_of signer_of verify_ssh verify_gpg check_gpg
Merges       mergeable mergeability kept_merges · merge_commit squash rebase fast_forward cherry_pick replay revert take_back · marked_text resolve_conflicts · range_diff interdiff
Names        check_ref_name ref_name_fault check_path path_fault is_dotgit · paths.repository paths.pool
Processes    environment run stream start end
"""

from gitstore import paths, process
from gitstore.blames import blame
from gitstore.conflicts import is_resolvable, is_text, marked_text
from gitstore.conflicts import resolve as resolve_conflicts
from gitstore.diffs import commit_diff, diff, diff_stream, patch_stream, words
from gitstore.errors import (
    GitError,
    GitFailed,
    NameInvalid,
    PathMissing,
    RefConflict,
    RefMissing,
    RepositoryBusy,
    RepositoryMissing,
    TimedOut,
    TooLarge,
)
from gitstore.exports import Match, archive, grep, sizes
from gitstore.graph import borrowing, containing, divergence, divergence_between, is_ancestor, merge_base, reaches
from gitstore.history import authored, between, count, log
from gitstore.lastcommits import build_last_commits, last_commits
from gitstore.locks import locked
from gitstore.maintenance import after_import, collect, commit_graph, disk_size, fsck, maintain, maintain_pool, purge
from gitstore.merges import (
    Conflict,
    MergeConflicts,
    Merged,
    NothingToMerge,
    Stage,
    Trial,
    UnrelatedHistories,
    merge_trees,
    mergeability,
    mergeable,
)
from gitstore.names import INTERNAL, check_path, check_ref_name, is_dotgit, path_fault, ref_name_fault
from gitstore.objects import blob, blob_size, blob_stream, commit, commits, entry, entry_at, files, tree, tree_oid
from gitstore.process import end, environment, run, start, stream
from gitstore.ranges import Interdiff, RangeLine, RangePair, interdiff, range_diff
from gitstore.refs import branches, commit_oid, head, ref_oid, refs, resolve, set_head, tag_details, tags, update_refs
from gitstore.replays import (
    cherry_pick,
    co_authors,
    fast_forward,
    kept_merges,
    merge_commit,
    rebase,
    replay,
    revert,
    revert_message,
    squash,
    take_back,
)
from gitstore.repositories import fork, init_bare, leave_pool, pool_of
from gitstore.signatures import Signed, check_gpg, signature_of, signer_of, verify_gpg, verify_ssh
from gitstore.spools import blob_range
from gitstore.spools import trim as trim_spools
from gitstore.store import forget
from gitstore.types import (
    ZERO,
    BlameRange,
    Blob,
    Commit,
    Diff,
    Divergence,
    Edit,
    Entry,
    FileDiff,
    Hunk,
    Line,
    LogPage,
    Put,
    Ref,
    Resolved,
    Signature,
    TagDetails,
)
from gitstore.writes import commit_changes, fetch_objects, rename_edits, write_blob, write_blob_stream, write_commit

__all__ = [
    "INTERNAL",
    "ZERO",
    "BlameRange",
    "Blob",
    "Commit",
    "Conflict",
    "Diff",
    "Divergence",
    "Edit",
    "Entry",
    "FileDiff",
    "GitError",
    "GitFailed",
    "Hunk",
    "Interdiff",
    "Line",
    "LogPage",
    "Match",
    "MergeConflicts",
    "Merged",
    "NameInvalid",
    "NothingToMerge",
    "PathMissing",
    "Put",
    "RangeLine",
    "RangePair",
    "Ref",
    "RefConflict",
    "RefMissing",
    "RepositoryBusy",
    "RepositoryMissing",
    "Resolved",
    "Signature",
    "Signed",
    "Stage",
    "TagDetails",
    "TimedOut",
    "TooLarge",
    "Trial",
    "UnrelatedHistories",
    "after_import",
    "archive",
    "authored",
    "between",
    "blame",
    "blob",
    "blob_range",
    "blob_size",
    "blob_stream",
    "borrowing",
    "branches",
    "build_last_commits",
    "check_gpg",
    "check_path",
    "check_ref_name",
    "cherry_pick",
    "co_authors",
    "collect",
    "commit",
    "commit_changes",
    "commit_diff",
    "commit_graph",
    "commit_oid",
    "commits",
    "containing",
    "count",
    "diff",
    "diff_stream",
    "disk_size",
    "divergence",
    "divergence_between",
    "end",
    "entry",
    "entry_at",
    "environment",
    "fast_forward",
    "fetch_objects",
    "files",
    "forget",
    "fork",
    "fsck",
    "grep",
    "head",
    "init_bare",
    "interdiff",
    "is_ancestor",
    "is_dotgit",
    "is_resolvable",
    "is_text",
    "kept_merges",
    "last_commits",
    "leave_pool",
    "locked",
    "log",
    "maintain",
    "maintain_pool",
    "marked_text",
    "merge_base",
    "merge_commit",
    "merge_trees",
    "mergeability",
    "mergeable",
    "patch_stream",
    "path_fault",
    "paths",
    "pool_of",
    "process",
    "purge",
    "range_diff",
    "reaches",
    "rebase",
    "ref_name_fault",
    "ref_oid",
    "refs",
    "rename_edits",
    "replay",
    "resolve",
    "resolve_conflicts",
    "revert",
    "revert_message",
    "run",
    "set_head",
    "signature_of",
    "signer_of",
    "sizes",
    "squash",
    "start",
    "stream",
    "tag_details",
    "tags",
    "take_back",
    "tree",
    "tree_oid",
    "trim_spools",
    "update_refs",
    "verify_gpg",
    "verify_ssh",
    "words",
    "write_blob",
    "write_blob_stream",
    "write_commit",
]
