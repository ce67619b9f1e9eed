"""What holds for every operation, walked from the schema: sign-in, scopes, tokens of other repositories, private things."""

import json
import re
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import get_resolver

from core.apidocs import schema
from tests.api.operations import IN_REPOSITORY, LISTS, OPERATIONS, Operation, Undo
from tests.factories import accounts as make

ALL = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.id)
READS = [one for one in OPERATIONS if one.method == "GET"]


def routes(patterns, prefix="/"):
    for pattern in patterns:
        here = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, here)
        elif here.startswith("/api/v1/") and hasattr(pattern.callback, "cls"):
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", here).replace("{pk}", "{id}"), pattern.callback.cls


def test_every_address_and_method_is_described():
    described = {(one.path, one.method) for one in OPERATIONS}
    served = {
        (path, method.upper())
        for path, view in routes(get_resolver().url_patterns)
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(view, method)
    }
    assert served == described
    assert len({one.id for one in OPERATIONS}) == len(OPERATIONS) > 100


@ALL
def test_each_operation_is_explained(operation: Operation):
    found = operation.found
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation.id)
    assert found["summary"], "the docstring's first line"
    assert found["tags"]
    for parameter in found.get("parameters", []):
        assert parameter["in"] == "query" or parameter.get("description"), parameter["name"]
    if "application/json" in found.get("requestBody", {}).get("content", {}):
        assert operation.body() is not None, "give an example"


def asked(world, operations, wanted, **options):
    """Asks each operation (its rows are rolled back) and tells those whose answer is not `wanted(operation)` among statuses or codes."""
    faults = []
    if proposal := next((one for one in operations if "/pulls" in one.path and one.in_repository), None):
        world.address(proposal, options.get("repository") or world.demo)  # made once, not again after each savepoint
    for operation in operations:
        try:
            with transaction.atomic():
                answer = world.call(operation, **options)
                raise Undo
        except Undo:
            pass
        told = {answer.status_code}
        if answer.status_code >= 400:
            told.add(answer.json()["code"])
        if not told & set(wanted(operation)):
            faults.append((operation.id, operation.method, answer.status_code, b"" if answer.streaming else answer.content[:300]))
    return faults


def test_nobody_is_let_in_without_a_token(world):
    assert asked(world, OPERATIONS, lambda one: ["sign_in"] if one.scope else [200]) == []
    answer = world.ask("GET", "/api/v1/user")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="OpenI"')


def test_a_stranger_is_asked_to_sign_in_before_anything_is_said_about_what_was_sent(world):
    """401 with the way to sign in, for bodies and numbers that are wrong too; what is private or missing stays 404."""
    faults = []
    for operation in OPERATIONS:
        address = world.address(operation, world.demo)
        for body in (None, {}, {"name": 1, "nonsense": True}, [1]):
            if not operation.scope and operation.method == "GET" and body is not None:
                continue
            answer = world.ask(operation.method, address, body=body)
            asked = (answer.status_code, answer.get("WWW-Authenticate")) == (401, 'Bearer realm="OpenI"')
            if answer.status_code == 403 or asked != bool(operation.scope):
                faults.append((operation.id, body, answer.status_code))
        gone = operation.address(
            **dict.fromkeys(re.findall(r"{(\w+)}", operation.path), "999") | dict.fromkeys(("q", "confirm", "path", "oid", "ref"), "x")
        )
        if (status := world.ask(operation.method, gone, body={}).status_code) not in ((404, 401) if operation.scope else (404, 200, 422)):
            faults.append((operation.id, gone, status))
        if operation.in_repository and status != 404:
            faults.append((operation.id, "missing repository", status))
    assert faults == []


@pytest.mark.parametrize("header", ["Bearer " + "0" * 40, "Digest x", "Bearer", "Basic !!"])
def test_a_wrong_token_is_refused_even_where_none_is_needed(header, world):
    assert asked(world, OPERATIONS, lambda one: [401], Authorization=header) == []


@pytest.mark.parametrize("lesser", ["read", "write"])
def test_a_token_of_less_scope_is_refused(lesser, world):
    order = ["", "read", "write", "admin"]
    above = [one for one in OPERATIONS if order.index(one.scope) > order.index(lesser)]
    assert asked(world, above, lambda one: ["scope"], who=world.tokens[lesser]) == []


def test_the_scope_it_says_is_enough(world):
    faults = []
    for scope in ("read", "write", "admin"):
        enough = [one for one in OPERATIONS if (one.scope or "read") == scope]
        faults += asked(world, enough, lambda one: [200, 201, 202, 204, 404, 409, 422, "protected_delete"], who=world.tokens[scope])
    assert faults == []


def test_a_private_repository_does_not_exist_for_others(world):
    for who in (None, world.outsider):
        assert asked(world, IN_REPOSITORY, lambda one: [404], who=who, repository=world.secret) == []


def test_a_token_of_one_repository_opens_no_other(world):
    here, elsewhere = make.token(world.ada, repositories=[world.demo.pk]), make.token(world.ada, repositories=[world.secret.pk])
    assert asked(world, IN_REPOSITORY, lambda one: [404], who=here, repository=world.secret) == []
    writes = [one for one in IN_REPOSITORY if one.scope and one.id != "get_watch"]
    assert asked(world, writes, lambda one: [403], who=elsewhere) == []
    assert asked(world, [one for one in IN_REPOSITORY if not one.scope], lambda one: [200], who=elsewhere) == []


def test_a_token_of_one_repository_changes_neither_people_nor_organizations(world):
    who = make.token(world.ada, repositories=[world.demo.pk])
    changing = [one for one in OPERATIONS if one.scope and not one.in_repository and (one.method != "GET" or one.scope != "read")]
    assert asked(world, changing, lambda one: [403], who=who) == []


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.id in ("get_archive", "get_raw", "get_user")], ids=lambda one: one.id
)
def test_one_read_is_conditional(operation, world):
    answer = world.call(operation)
    assert world.call(operation, **{"If-None-Match": "W/" + answer["ETag"]}).status_code == 304


def test_reads_are_conditional_and_answer_head(world):
    world.call(OPERATIONS[0], world.tokens["admin"])
    for operation in READS:
        answer = world.call(operation, world.tokens["admin"])
        assert answer.status_code == 200, (operation.id, answer.content)
        again = world.call(operation, world.tokens["admin"], **{"If-None-Match": answer["ETag"]})
        assert (again.status_code, again["ETag"], again.content) == (304, answer["ETag"], b""), operation.id
        head = world.ask("HEAD", world.address(operation, world.demo), world.tokens["admin"])
        assert (head.status_code, head["ETag"]) == (200, answer["ETag"]), operation.id
        assert "Authorization" in answer["Vary"], operation.id


def test_lists_refuse_bad_pages(world):
    for operation in LISTS:
        address = world.address(operation, world.demo)
        joint = "&" if "?" in address else "?"
        for query in (
            "cursor=x",
            "cursor=WzFd",
            "cursor=bnVsbA",
            "cursor=WyJcdTAwMDAiLDFd",
            "cursor=W1tdXQ",
            "limit=0",
            "limit=101",
            "limit=²",
        ):
            if operation.id == "get_blame" and query in ("limit=0", "limit=101", "limit=²", "cursor=WzFd"):
                continue
            if query == "cursor=WzFd" and operation.id in (
                "list_branches",
                "list_tags",
                "list_contributors",
                "list_licences",
                "list_gitignores",
                "list_pull_commits",
                "list_pull_files",
            ):
                continue  # a place in a list
            answer = world.ask("GET", f"{address}{joint}{query}", world.tokens["admin"])
            assert answer.status_code in (404, 422), (operation.id, query, answer.content)


def test_the_schema_is_the_committed_one():
    assert json.loads(Path("docs/reference/openapi.json").read_text()) == json.loads(json.dumps(schema()))
