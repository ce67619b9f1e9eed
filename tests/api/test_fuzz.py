"""Every operation with made-up input, as nobody, a reader, the owner and an administrator: no 5xx, and answers as the schema says.

`OPENI_FUZZ_EXAMPLES=100 pytest tests/api/test_fuzz.py` looks longer.
"""

import os
import random

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from openi.wsgi import application
from tests.api.operations import OPERATIONS, Undo

EXAMPLES = int(os.environ.get("OPENI_FUZZ_EXAMPLES", "2"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SETTINGS = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 10,
    suppress_health_check=list(hypothesis.HealthCheck),
    database=None,
    phases=[hypothesis.Phase.generate],
)


@pytest.fixture
def described(db):
    """The schema as a client loads it; the database's connection stays open between requests, as in Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def known(world, case, dice):
    """Puts names of things that exist into the path, each with a good chance, so that the fuzz gets behind the first 404."""
    inside = world.inside["demo"]
    there = {"namespace": "ada", "name": "demo", "login": "bob", "slug": "pcl", "team": world.team.slug, "branch": "topic", "tag": "v1.0",
             "path": "src/a.py", "file": "demo.whl", "oid": inside["commit"], "token": "CI", "id": inside["rule"]}  # fmt: skip
    for key in case.path_parameters or {}:
        if key in there and (key in ("namespace", "name", "slug") or dice.random() < 0.6):
            case.path_parameters[key] = there[key]
    for key in case.query or {}:
        if key in ("ref", "base", "head", "path", "confirm") and dice.random() < 0.6:
            case.query[key] = {"path": "src/a.py", "confirm": "ada/demo"}.get(key, "main")


POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE


@pytest.mark.parametrize(
    "who,mode",
    [("nobody", POSITIVE), ("reader", NEGATIVE), ("owner", POSITIVE), ("owner", NEGATIVE), ("staff", POSITIVE)],
    ids=lambda one: getattr(one, "value", one),
)
def test_no_operation_breaks_and_answers_fit(who, mode, world, described):
    token = {"nobody": "", "reader": world.outsider, "owner": world.tokens["admin"], "staff": world.staff}[who]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    faults, asked, dice = [], set(), random.Random(7)

    def once(case):
        known(world, case, dice)
        asked.add(case.operation.definition.raw["operationId"])
        try:
            with transaction.atomic():
                case.call_and_validate(headers=headers, checks=CHECKS)
                raise Undo
        except Undo:
            pass
        except (Exception, FailureGroup) as error:  # noqa: BLE001 - gathered, so that one run tells all of them
            faults.append(
                f"{case.method} {case.formatted_path} {case.query} {str(case.body)[:200]}\n{type(error).__name__}: {error}"[:1500]
            )

    for found in described.get_all_operations():
        operation = found.ok()
        try:
            strategy = operation.as_strategy(generation_mode=mode)
            SETTINGS(hypothesis.given(case=strategy)(lambda case: once(case)))()
        except (hypothesis.errors.Unsatisfiable, schemathesis.errors.SchemathesisError):  # nothing wrong to send there
            asked.add(operation.definition.raw["operationId"])
    assert not faults, "\n\n".join(faults[:15])
    assert asked == {one.id for one in OPERATIONS}
