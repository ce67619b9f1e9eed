"""Made-up people and things for the permission matrix: everybody who could ask, everything that could be asked for."""

from dataclasses import dataclass, field

from django.utils import timezone

from accounts import commands as accounts_commands
from accounts.models import Complaint, LegalDocument, Membership, SSHKey, Team, User
from activity.commands.inbox import unsubscribe_token
from activity.models import Dispatch, Hook, Notification
from core import blobs
from core.actors import SYSTEM
from core.secrets import encrypt
from issues import commands as issue_commands
from projects import commands
from projects.models import DeployKey, ImportRun, PushMirror, Release, ReleaseAsset, Repository, TeamAccess
from pulls import commands as pull_commands
from tests.factories.accounts import actor, organization, person, token
from tests.factories.projects import commit, git, repository

PAGE_ACTORS = ("anonymous", "suspended", "stranger", "reader", "team", "developer", "maintainer", "orgowner", "owner", "staff")
API_ACTORS = (*PAGE_ACTORS, "read-token", "other-token")
KINDS = ("public", "internal", "private", "own")
LAB_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 42 + "B"


@dataclass
class World:
    """`repositories` by kind (the first three are the organisation's, `own` is the owner's, private); `places` fill addresses."""

    people: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    oids: dict[str, str] = field(default_factory=dict)
    places: dict[str, object] = field(default_factory=dict)


def build() -> World:
    """Everything, through the commands where one exists."""
    world = World()
    for name in PAGE_ACTORS[1:]:
        world.people[name] = person(f"{name}-person", is_admin=name == "staff")
    people = world.people
    lab = organization("lab", owner=people["orgowner"])
    for name, role in (
        ("suspended", "owner"),
        ("reader", "reader"),
        ("team", "reader"),
        ("developer", "developer"),
        ("maintainer", "maintainer"),
    ):
        Membership.objects.create(organization=lab, user=people[name], role=role)
    team = Team.objects.create(organization=lab, slug="core", name="Core")
    team.members.add(people["team"])
    for kind in KINDS:
        own = kind == "own"
        made = repository(
            people["owner"] if own else lab,
            name=f"{kind}-code",
            visibility="private" if own else kind,
            files={"src/secret.py": b"SECRET = 1\n", "README.md": f"# marker-{kind}\n".encode()},
        )
        _fill(world, kind, made, team)
    _site(world, lab)
    User.objects.filter(pk=people["suspended"].pk).update(state="suspended", suspended_reason="spam")
    return world


def _fill(world: World, kind: str, made: Repository, team: Team) -> None:
    """A branch, a tag, a published and a draft release with a file, a fork, an import run, a rule, a deploy key, an issue with its talk."""
    world.oids[kind] = commit(made, {"src/other.py": b"x = 2\n"}, branch="side")
    git(made.path, "tag", "v1", world.oids[kind])
    commands.record_push(SYSTEM, made, [("refs/tags/v1", "0" * 40, world.oids[kind])])
    if kind != "own":
        TeamAccess.objects.create(repository=made, team=team, access="write")
    stored = blobs.store().put([f"asset of {kind}".encode()])
    for tag, draft in (("v1", False), ("v2-draft", True)):
        release = Release.objects.create(
            repository=made, tag=tag, title=tag, is_draft=draft, author=None, published_at=None if draft else timezone.now()
        )
        ReleaseAsset.objects.create(release=release, name="model.bin", sha256=stored.sha256, size=stored.size)
    ImportRun.objects.create(
        repository=made,
        source_encrypted=encrypt("https://example.org/x.git", purpose="import"),
        source_shown="https://example.org/x.git",
        state="failed",
        error="it failed",
    )
    commands.save_protection(
        SYSTEM,
        made,
        kind="branch",
        pattern="release/*",
        push_access="maintain",
        merge_access="write",
        allow_force=False,
        allow_delete=False,
        push_users=[],
        protection=None,
    )
    PushMirror.objects.create(repository=made, address="https://example.org/lab/away", key="example.org/lab/away", may_publish=True)
    commands.create_check_run(SYSTEM, made, oid=world.oids[kind], name="lint", summary=f"marker-{kind}")
    issue_commands.save_label(SYSTEM, made, name="bug")
    goal = issue_commands.save_milestone(SYSTEM, made, title=f"goal of marker-{kind}")
    issue = issue_commands.open_issue(SYSTEM, made, title=f"issue of marker-{kind}", body=f"marker-{kind}", milestone=goal)
    issue_commands.add_comment(SYSTEM, issue, body=f"comment of marker-{kind}")
    issue_commands.make_board(SYSTEM, made, name=f"board of marker-{kind}", columns=["A"])
    proposed = {"head": made, "head_branch": "side", "base_branch": made.default_branch}
    pull = pull_commands.open_pull(SYSTEM, made, title=f"pull of marker-{kind}", body=f"marker-{kind}", **proposed)
    said = pull_commands.comment_on_lines(SYSTEM, pull, path="src/other.py", side="new", line=1, body=f"line of marker-{kind}")
    review = pull_commands.submit_review(SYSTEM, pull, verdict="changes", body=f"review of marker-{kind}")
    world.places |= {f"pull {kind}": pull.number, f"line {kind}": said.pk, f"review {kind}": review.pk}
    if kind == "private":
        world.places["attachment"] = issue_commands.attach_file(SYSTEM, made, name="notes.txt", chunks=[b"marker-private"]).key
    key = SSHKey.objects.create(title="d", algorithm="ssh-ed25519", public_key=f"{LAB_KEY}{kind}", fingerprint=f"SHA256:deploy-{kind}")
    DeployKey.objects.create(repository=made, key=key)
    hook = Hook.objects.create(repository=made, owner=world.people["owner"], address_encrypted="", address_shown="https://example.org/hook")
    Dispatch.objects.create(hook=hook, kind="ping", state=Dispatch.State.SENT, request_body=f"marker-{kind}")
    made.refresh_from_db()
    world.repositories[kind] = made


def _site(world: World, lab) -> None:
    """Keys, tokens, invitations, legal texts, a complaint, a deleted repository."""
    people = world.people
    issue_commands.make_board(SYSTEM, lab.namespace, name="board of the lab", columns=["A"])
    key = SSHKey.objects.create(user=people["owner"], title="k", algorithm="ssh-ed25519", public_key=LAB_KEY, fingerprint="SHA256:owner")
    for name, someone in people.items():
        world.tokens[name] = token(someone)
    world.tokens["read-token"] = token(people["owner"], "read")
    other = repository(people["owner"], name="other", visibility="private")
    world.tokens["other-token"] = token(people["owner"], repositories=[other.pk])
    invitation, secret = accounts_commands.invite(SYSTEM, lab, email="new@example.org", role="developer")
    LegalDocument.objects.create(kind="terms", version="1", text_zh="条款", text_en="Terms")
    Complaint.objects.create(number="C-1", complainant="R", email="r@example.org", address="/lab/public-code", text="mine")
    gone = repository(people["owner"], name="gone", visibility="private", files={"a": b"1"})
    commands.delete_repository(actor(people["owner"]), gone, confirmation=str(gone))
    hook = Hook.objects.create(organization=lab, owner=people["owner"], address_encrypted="", address_shown="https://example.org/hook")
    told = Notification.objects.create(
        user=people["owner"], repository=other, kind="release", object_id=Release.objects.create(repository=other, tag="v1").pk, why="owner", what="released"
    )  # fmt: skip
    world.places |= {
        "hook": hook.pk,
        "delivery": Dispatch.objects.create(hook=hook, kind="ping", state=Dispatch.State.SENT).pk,
        "notification": told.pk,
        "token": unsubscribe_token(people["owner"].pk, "release", told.object_id),
        "slug": "lab",
        "login": "reader-person",
        "team": "core",
        "pk": 0,
        "key": key.pk,
        "invitation": invitation.pk,
        "secret": secret,
        "gone": gone.pk,
        "sha256": "0" * 64,
        "number": "C-1",
        "kind": "terms",
        "rest": "v1/nothing",
    }
