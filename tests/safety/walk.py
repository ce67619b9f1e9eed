"""Every address × method × kind of repository × actor, with an address and a body that would work for whoever may."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.cache import caches
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver

from issues.models import Comment
from projects.models import Repository
from tests.factories.accounts import sign_in
from tests.safety.world import API_ACTORS, KINDS, PAGE_ACTORS, World

REPOSITORY = "<str:namespace>/<str:name>"
TAILS = {
    "repository_tree": "main/src", "repository_blob": "main/src/secret.py", "repository_raw": "main/src/secret.py",
    "repository_history": "main", "repository_commit": "{oid}", "repository_archive": "main.zip", "repository_blame": "main/src/secret.py",
    "repository_find": "main", "repository_compare": "main...side", "file_new": "main/src", "file_edit": "main/src/secret.py",
    "file_delete": "main/src/secret.py", "file_upload": "main/src",
}  # fmt: skip
QUERIES = {
    ("tree", "GET"): "?path=src",
    ("check-runs", "GET"): "?ref=main",
    ("raw", "GET"): "?path=src/secret.py",
    ("compare", "GET"): "?base=main&head=side",
    ("contents/<path:path>", "GET"): "?ref=main",
    ("contents/<path:path>", "DELETE"): "?oid={blob}&branch=main",
}
QUIET = ("django_session", "usersessions_usersession", "accounts_token")  # written by reading
BODIES: dict[str, dict[str, object]] = {
    "repository_watch": {"level": "all"},
    "pull_new": {"title": "t"},
    "pull_page": {"act": "draft"},
    "pull_files": {"act": "viewed", "path": "src/other.py", "blob": "0" * 40, "viewed": "1"},
    "merge_settings": {"act": "merging", "pulls_enabled": "on", "allow_squash": "on", "default_method": "squash"},
    "issue_new": {"title": "t"},
    "thread_comment": {"body": "b"},
    "thread_acts": {"act": "pin"},
    "thread_edit": {"title": "t", "body": "b"},
    "comment_edit": {"body": "c"},
    "label_list": {"act": "save", "name": "new"},
    "milestone_new": {"title": "m"},
    "milestone_edit": {"act": "close"},
    "issue_settings": {"on": "0"},
    "thread_many": {"number": ["1"], "state": "completed"},
    "thread_relations": {"act": "up"},
    "issue_transfer": {"into": "lab/public-code"},
    "text_react": {"react": "heart:1"},
    "text_task": {"task": "0-1", "version": "1"},
    "comment_hide": {"reason": "spam"},
    "pin_order": {"to": "up"},
    "filter_list": {"name": "mine", "query": "is:open"},
    "board_new": {"name": "new", "by": "state"},
    "board_view": {"other": "#1"},
    "board_move": {"thread": "1", "column": "0"},
    "board_settings": {"act": "change", "name": "other"},
    "repository_hooks": {"act": "add", "address": "https://1.1.1.1/hook", "format": "openi"},
    "repository_hook": {"act": "test"},
    "organization_hooks": {"act": "add", "address": "https://1.1.1.1/hook", "format": "openi"},
    "organization_hook": {"act": "test"},
    "person_follow": {"follow": "1"},
    "notifications": {"act": "done_all"},
    "settings_notifications": {"act": "mail", "mail_own": "daily", "mail_watched": "never"},
    "repository_push_mirrors": {"act": "add", "address": "ssh://git@1.1.1.1/c/d.git", "may_publish": "on"},
    "branch_create": {"name": "topic", "branch": "topic", "start": "main"},
    "branch_delete": {"name": "side", "branch": "side"},
    "branch_rename": {"name": "side", "branch": "side", "new_name": "aside", "to": "aside"},
    "tag_delete": {"tag": "v1", "name": "v1"},
    "repository_fork": {"name": "copy"},
    "repository_checks": {"act": "house", "is_on": "on"},
    "file_edit": {"content": "SECRET = 2\n", "message": "m", "path": "src/secret.py", "branch": "main"},
    "file_delete": {"message": "m"},
    "membership_visibility": {"public": "1"},
    "organization_new": {"slug": "fresh-org"},
    "team_repositories": {"act": "add", "name": "public-code", "access": "read"},
    "organization_teams": {"name": "Fresh"},
    "organization_team": {"act": "remove", "login": "team-person"},
    "organization_danger": {"act": "rename", "slug": "lab-two"},
    "member_change": {"role": "developer"},
    "invitation_create": {"who": "else@example.org", "role": "reader"},
    "admin_person": {"act": "suspend", "reason": "r"},
    "admin_organization": {"quota": "1"},
    "admin_settings": {"act": "mail", "to": "x@example.org"},
    "admin_complaint": {"state": "rejected", "reply": "no"},
    "admin_repository": {"act": "take_down", "reason": "r"},
    "suggestions_group": {"group": "-", "threshold": "0"},
    "suggestions_settings": {"threshold": "80"},
    "labelling_draw": {"size": "20", "seed": "walk"},
    "settings_token_revoke": {"name": "x"},
    "language": {"language": "en", "next": "/"},
}
NEW_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ" + "b" * 41 + "C"
API_BODIES: dict[tuple[str, str], dict[str, object]] = {
    ("user", "PATCH"): {"bio": "b"},
    ("user/keys", "POST"): {"title": "k", "key": NEW_KEY},
    ("user/tokens", "POST"): {"name": "n", "scope": "read"},
    (f"repositories/{REPOSITORY}/hooks", "POST"): {"address": "https://1.1.1.1/hook"},
    ("organizations/<str:slug>/hooks", "POST"): {"address": "https://1.1.1.1/hook"},
    ("hooks/<int:pk>", "PATCH"): {"active": True},
    ("notifications/mark", "POST"): {"act": "done", "all": True},
    ("user/notification-preferences", "PATCH"): {"mail_own": "daily"},
    ("organizations", "POST"): {"slug": "fresh-org"},
    ("organizations/<str:slug>/members/<str:login>", "PUT"): {"role": "developer"},
    ("repositories", "POST"): {"name": "fresh", "visibility": "private"},
    (f"repositories/{REPOSITORY}", "PATCH"): {"description": "d"},
    (f"repositories/{REPOSITORY}/issues", "POST"): {"title": "t"},
    (f"repositories/{REPOSITORY}/issues/<int:number>", "PATCH"): {"state": "closed"},
    (f"repositories/{REPOSITORY}/issues/<int:number>/comments", "POST"): {"body": "b"},
    (f"repositories/{REPOSITORY}/comments/<int:pk>", "PATCH"): {"body": "b"},
    (f"repositories/{REPOSITORY}/issues/many", "POST"): {"numbers": [1], "state": "completed"},
    (f"repositories/{REPOSITORY}/issues/<int:number>/reactions", "PUT"): {"kind": "heart"},
    (f"repositories/{REPOSITORY}/issues/<int:number>/relations", "PUT"): {"kind": "blocker", "issue": "1"},
    (f"repositories/{REPOSITORY}/issues/<int:number>/transfer", "POST"): {"into": "lab/public-code"},
    (f"repositories/{REPOSITORY}/comments/<int:pk>/reactions", "PUT"): {"kind": "heart"},
    (f"repositories/{REPOSITORY}/comments/<int:pk>/hidden", "PUT"): {"reason": "spam"},
    (f"repositories/{REPOSITORY}/boards", "POST"): {"name": "new", "by": "state"},
    (f"repositories/{REPOSITORY}/boards/<int:number>/cards", "PUT"): {"issue": "1", "column": None},
    (f"repositories/{REPOSITORY}/pulls", "POST"): {"title": "t", "head": "main", "base": "side"},
    (f"repositories/{REPOSITORY}/pulls/<int:number>", "PATCH"): {"draft": True},
    (f"repositories/{REPOSITORY}/pulls/<int:number>/reviews", "POST"): {"verdict": "comment", "body": "b"},
    (f"repositories/{REPOSITORY}/pulls/<int:number>/reviews/<int:review>/dismissal", "PUT"): {"reason": "r"},
    (f"repositories/{REPOSITORY}/pulls/<int:number>/line-comments", "POST"): {"path": "src/other.py", "line": 1, "body": "b"},
    (f"repositories/{REPOSITORY}/pulls/<int:number>/line-comments/<int:comment>", "PATCH"): {"body": "c"},
    (f"repositories/{REPOSITORY}/pulls/<int:number>/suggestions", "POST"): {"comments": [999_999_999]},
    (f"repositories/{REPOSITORY}/pulls/<int:number>/reviewers", "POST"): {"people": ["owner-person"]},
    (f"repositories/{REPOSITORY}/pulls/<int:number>/reviewers", "DELETE"): {"people": ["owner-person"]},
    (f"repositories/{REPOSITORY}/labels", "POST"): {"name": "new"},
    (f"repositories/{REPOSITORY}/labels/<path:label>", "PATCH"): {"description": "d"},
    (f"repositories/{REPOSITORY}/milestones", "POST"): {"title": "m"},
    (f"repositories/{REPOSITORY}/milestones/<int:number>", "PATCH"): {"state": "closed"},
    (f"repositories/{REPOSITORY}/forks", "POST"): {"name": "copy"},
    (f"repositories/{REPOSITORY}/protections", "POST"): {"kind": "branch", "pattern": "x/*"},
    (f"repositories/{REPOSITORY}/releases", "POST"): {"tag": "v3", "target": "main"},
    (f"repositories/{REPOSITORY}/branches", "POST"): {"name": "topic", "start": "main"},
    (f"repositories/{REPOSITORY}/collaborators/<str:login>", "PUT"): {"access": "write"},
    (f"repositories/{REPOSITORY}/teams/<str:team>", "PUT"): {"access": "write"},
    (f"repositories/{REPOSITORY}/topics", "PUT"): {"topics": ["x"]},
    (f"repositories/{REPOSITORY}/watch", "PUT"): {"level": "all"},
    (f"repositories/{REPOSITORY}/push-rules", "PATCH"): {"check_emails": True},
    (f"repositories/{REPOSITORY}/push-rules", "PUT"): {"check_emails": True},
    (f"repositories/{REPOSITORY}/keys", "POST"): {"title": "k", "key": NEW_KEY},
    (f"repositories/{REPOSITORY}/push-mirrors", "POST"): {"address": "ssh://git@1.1.1.1/a/b.git", "may_publish": True},
    (f"repositories/{REPOSITORY}/statuses/<path:ref>", "POST"): {"state": "success"},
    (f"repositories/{REPOSITORY}/check-runs", "POST"): {"name": "lint", "commit": "main"},
    (f"repositories/{REPOSITORY}/check-runs/<int:pk>", "PATCH"): {"title": "t"},
    (f"repositories/{REPOSITORY}/tags", "POST"): {"name": "v9", "target": "main"},
    (f"repositories/{REPOSITORY}/releases/<path:tag>", "PATCH"): {"title": "t"},
    (f"repositories/{REPOSITORY}/protections/<int:pk>", "PATCH"): {"allow_force": True},
    ("organizations/<str:slug>", "PATCH"): {"description": "d"},
    ("organizations/<str:slug>/members/<str:login>", "PATCH"): {"public": False},
    ("organizations/<str:slug>/invitations", "POST"): {"email": "else@example.org", "role": "reader"},
    ("organizations/<str:slug>/teams", "POST"): {"name": "Fresh"},
    ("organizations/<str:slug>/teams/<str:team>", "PATCH"): {"name": "Other"},
    (f"repositories/{REPOSITORY}/contents/<path:path>", "PUT"): {"content": "eA==", "message": "m", "branch": "main", "oid": ""},
}
SUFFIXES = {
    "path:branch": "side",
    "path:oid": "{oid}",
    "str:oid": "{blob}",
    "path:path": "src/new.py",
    "path:ref": "main",
    "path:tag": "v1",
    "path:label": "bug",
    "threads:kind": "issues",
    "int:number": "1",
    "str:file": "model.bin",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One line of the table: an address and a method on one kind of repository ("-": none)."""

    route: str
    name: str
    method: str
    kind: str

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/")

    @property
    def actors(self) -> tuple[str, ...]:
        return API_ACTORS if self.is_api else PAGE_ACTORS


def routes(patterns: list, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the site, with its pattern."""
    for pattern in patterns:
        here = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, here)
        else:
            yield here, pattern


def asks() -> list[Ask]:
    """Every line the table must have."""
    found = []
    for route, pattern in routes(get_resolver().url_patterns):
        if route.startswith("api/v3"):  # tests/github/test_strangers.py walks them
            continue
        view = getattr(pattern.callback, "view_class", None) if route.startswith("api/") else None
        methods = (
            [name.upper() for name in view.http_method_names if hasattr(view, name) and name not in ("options", "head")]
            if view
            else ["GET", "POST"]
        )
        kinds = KINDS if REPOSITORY in route else ("-",)
        drafts = ("", "#draft") if "<path:tag>" in route else ("",)
        found += [Ask(route + draft, pattern.name or "", method, kind) for draft in drafts for method in methods for kind in kinds]
    return list(dict.fromkeys(found))


def address(ask: Ask, world: World) -> str:
    """The address with everything filled in; `#draft` means the release that is not published."""
    route, _hash, draft = ask.route.partition("#")
    values = {f"str:{name}": str(value) for name, value in world.places.items()}
    values |= {
        "slug:name": "clone",
        "int:pk": "0",
        "slug:measure": "freshness",
        "slug:slug": "nlp",
        "str:key": "unknown",
        "uuid:key": str(world.places["attachment"]),  # of a private repository
        "path:rest": "v1/nothing",
        "str:secret": str(world.places["secret"]),
    }
    values["path:token"], values["str:host"] = "t0", "github.com"
    if ask.name == "repository_restore" or "deleted-repositories/" in route:
        values["int:pk"] = str(world.places["gone"])
    if "invitations/<int:pk>" in route:
        values["int:pk"] = str(world.places["invitation"])
    if ask.kind != "-":
        made = world.repositories[ask.kind]
        values |= {"str:namespace": made.namespace.slug, "str:name": made.name, **SUFFIXES}
        values["tail:tail"] = values["path:tail"] = TAILS.get(ask.name, "main")
        if draft:
            values["path:tag"] = "v2-draft"
        if "/keys/" in route:
            values["int:pk"] = str(made.deploy_keys.get().pk)
        if "comments/" in route:
            values["int:pk"] = str(Comment.objects.filter(thread__repository=made).order_by("pk").values_list("pk", flat=True)[0])
        if "/pulls/" in route:
            places = {"int:number": "pull", "int:comment": "line", "int:review": "review"}
            values |= {key: str(world.places[f"{word} {ask.kind}"]) for key, word in places.items()}
            values["str:oid"] = world.oids[ask.kind]
        if "protections/" in route:
            values["int:pk"] = str(made.protections.get().pk)
        if "check-runs/" in route or "checks/<int:pk>" in route:
            values["int:pk"] = str(made.check_runs.get().pk)
        if "push-mirrors/" in route:
            values["int:pk"] = str(made.push_mirrors.get().pk)
        if "settings/hooks/" in route:
            values["int:pk"] = str(made.hooks.get().pk)
            values["int:delivery"] = str(made.hooks.get().dispatches.get().pk)
        if ask.route.endswith("contents/<path:path>") and ask.method != "PUT":
            values["path:path"] = "src/secret.py"
    else:
        values |= {"str:namespace": "lab", "str:name": "t0", "str:file": "notes.txt", "int:number": "1"}
        if "hooks/<int:pk>" in route:
            values |= {"int:pk": str(world.places["hook"]), "int:delivery": str(world.places["delivery"])}
        if "notifications/<int:pk>" in route:
            values["int:pk"] = str(world.places["notification"])
    text = route
    for key, value in values.items():
        text = text.replace(f"<{key}>", value)
    if ask.kind != "-":
        if ask.is_api:
            text += QUERIES.get((route.partition(REPOSITORY + "/")[2], ask.method), "")
        text = text.replace("{oid}", world.oids[ask.kind]).replace("{blob}", world.oids["blob"])
    if "^" in text:  # allauth's regular expressions
        text = text.replace("^confirm-email/(?P<key>[-:\\w]+)/$", "confirm-email/a:b:c/")
        text = text.replace("^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$", "password/reset/key/1-x/")
    assert not set("<{") & set(text), f"say in tests/safety/walk.py what stands for the parameters of {route}"
    return "/" + text


def answer(ask: Ask, who: str, world: World, *, path: str = "", method: str = "", **headers: str):
    """Ask as `who`, then put rows and repositories back as they were."""
    client = Client(raise_request_exception=False)
    if who in PAGE_ACTORS[1:] and not ask.is_api:
        client.cookies[settings.SESSION_COOKIE_NAME] = world.places[f"session {who}"]
    if ask.is_api and who != "anonymous":
        headers["HTTP_AUTHORIZATION"] = f"Bearer {world.tokens[who]}"
    method = method or ask.method
    options: dict = {}
    if method not in ("GET", "HEAD", "OPTIONS"):
        if ask.is_api:
            options = {"data": API_BODIES.get((ask.route.removeprefix("api/v1/"), method), {}), "content_type": "application/json"}
        elif method == "POST":
            options = {"data": BODIES.get(ask.name, {})}
    written: set[str] = set()

    def note(execute, sql, params, many, context):
        """Remember the tables that are written."""
        result = execute(sql, params, many, context)
        if (found := re.match(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', sql)) and context["cursor"].rowcount:
            written.add(found.group(1))
        return result

    with transaction.atomic(), connection.execute_wrapper(note):
        response = getattr(client, method.lower())(path or address(ask, world), **options, **headers)
        response.whole = b"".join(response.streaming_content) if response.streaming else response.content
        transaction.set_rollback(True)
    response.wrote = bool(written - set(QUIET))
    if response.wrote:
        restore(world)
    return response


def sign_everybody_in(world: World) -> None:
    """A session for each person, with a fresh proof of who they are."""
    for who in PAGE_ACTORS[1:]:
        client = Client()
        sign_in(client, world.people[who])
        world.places[f"session {who}"] = client.cookies[settings.SESSION_COOKIE_NAME].value


def keep(world: World, folder: Path) -> None:
    """Remember the repositories on disk; what earlier tests left there goes first, for it would be copied at every restore."""
    top = Path(settings.REPOSITORIES_DIR)
    wanted = {repository.path for repository in Repository.objects.all()}
    pools = {f"{pool.hex}.git" for pool in Repository.objects.exclude(pool_id=None).values_list("pool_id", flat=True)}
    for left in {*top.glob("??/??/*.git")} - wanted | {pool for pool in top.glob("pools/*.git") if pool.name not in pools}:
        shutil.rmtree(left)
    for folder_left in (*top.glob("??/??"), *top.glob("??")):
        if not any(folder_left.iterdir()):
            folder_left.rmdir()
    shutil.copytree(settings.REPOSITORIES_DIR, folder, symlinks=True)
    world.places["kept"] = folder


def restore(world: World) -> None:
    """Bring the repositories on disk back."""
    shutil.rmtree(settings.REPOSITORIES_DIR)
    shutil.copytree(world.places["kept"], settings.REPOSITORIES_DIR, symlinks=True, copy_function=os.link)  # Git renames, never rewrites
    for alias in ("default", "pages"):
        caches[alias].clear()
