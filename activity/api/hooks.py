"""Webhooks of repositories and organizations."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries as people
from accounts.models import Organization
from activity.api.shapes import (
    DeliveryOut,
    HookChangeIn,
    HookIn,
    HookOut,
    WholeDeliveryOut,
    delivery_out,
    hook_out,
    whole_delivery_out,
)
from activity.commands import hooks as commands
from activity.models import Hook
from activity.queries import hooks as reads
from core.actors import Actor, Scope
from core.apiviews import ApiView
from core.schema import PAGED, operation, page_of
from projects.api.base import RepositoryBase
from projects.models import Repository

EXAMPLE = {"address": "https://1.1.1.1/hook", "format": "github", "secret": "a long word", "events": ["push", "issues"]}


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """As the commands name it."""
    given = dict(values)
    if "active" in given:
        given["is_active"] = given.pop("active")
    if "secret" in given:
        given["forget_secret"] = not given["secret"]
    return given


class HookLists(ApiView):
    """What both lists share."""

    def listed(self, request: Request, place: Repository | Organization) -> Response:
        """A page of hooks."""
        owners: dict[int, Actor] = {}
        return self.rows(request, reads.hooks(self.actor(request), place), by="pk", show=lambda row: hook_out(row, owners))

    def made(self, request: Request, place: Repository | Organization) -> Response:
        """A new one."""
        given = _given(self.validated(request, HookIn))
        given.pop("forget_secret", None)
        return Response(hook_out(commands.add_hook(self.actor(request), place, **given)), status=201)


class RepositoryHooksApi(HookLists, RepositoryBase):
    """`/repositories/{namespace}/{name}/hooks`."""

    @operation("list_hooks", answer=page_of(HookOut), query=PAGED, scope=Scope.ADMIN)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Webhooks of a repository

        Addresses that are told what happens there.
        """
        return self.listed(request, self.administered(request, namespace, name))

    @operation("create_hook", body=HookIn, answer=HookOut, status=201, scope=Scope.ADMIN, example=EXAMPLE)
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Tell an address what happens in a repository"""
        return self.made(request, self.administered(request, namespace, name))


class OrganizationHooksApi(HookLists):
    """`/organizations/{slug}/hooks`."""

    @operation("list_organization_hooks", answer=page_of(HookOut), query=PAGED, scope=Scope.ADMIN)
    def get(self, request: Request, slug: str) -> Response:
        """Webhooks of an organization

        They are told what happens in all of its repositories.
        """
        return self.listed(request, people.organization(slug))

    @operation("create_organization_hook", body=HookIn, answer=HookOut, status=201, scope=Scope.ADMIN, example=EXAMPLE)
    def post(self, request: Request, slug: str) -> Response:
        """Tell an address what happens in an organization"""
        return self.made(request, people.organization(slug))


class HookBase(ApiView):
    """Below one hook, of a repository or an organization."""

    def hook(self, request: Request, pk: int) -> Hook:
        """The hook, for those who may administer it, by a credential for everything. Raises NotFound, Forbidden."""
        self.signed_in(request, Scope.ADMIN)
        return reads.any_hook(self.actor(request), pk)


class HookApi(HookBase):
    """`/hooks/{id}`."""

    @operation("get_hook", answer=HookOut, scope=Scope.ADMIN)
    def get(self, request: Request, pk: int) -> Response:
        """A webhook"""
        return Response(hook_out(self.hook(request, pk)))

    @operation(
        "update_hook", body=HookChangeIn, answer=HookOut, scope=Scope.ADMIN, example={"events": ["push"], "active": True}, also=[412]
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change a webhook

        It acts with your rights from then on, and is switched on again if it failed too long.
        """
        row = self.hook(request, pk)
        self.require_match(request, hook_out(row))
        changed = commands.change_hook(self.actor(request), row, **_given(self.validated(request, HookChangeIn, partial=True)))
        return Response(hook_out(changed))

    @operation("delete_hook", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, pk: int) -> Response:
        """Remove a webhook with its log"""
        commands.remove_hook(self.actor(request), self.hook(request, pk))
        return Response(status=204)


class HookTestApi(HookBase):
    """`/hooks/{id}/test`."""

    @operation("test_hook", answer=DeliveryOut, status=202, scope=Scope.ADMIN)
    def post(self, request: Request, pk: int) -> Response:
        """Send a test to a webhook"""
        return Response(delivery_out(commands.test_hook(self.actor(request), self.hook(request, pk))), status=202)


class DeliveriesApi(HookBase):
    """`/hooks/{id}/deliveries`."""

    @operation("list_deliveries", answer=page_of(DeliveryOut), query=PAGED, scope=Scope.ADMIN)
    def get(self, request: Request, pk: int) -> Response:
        """What was sent to a webhook, the newest first"""
        return self.rows(request, reads.dispatches(self.hook(request, pk)), by="-pk", show=delivery_out)


class DeliveryApi(HookBase):
    """`/hooks/{id}/deliveries/{delivery}`."""

    @operation("get_delivery", answer=WholeDeliveryOut, scope=Scope.ADMIN)
    def get(self, request: Request, pk: int, delivery: int) -> Response:
        """A delivery with what was sent and answered"""
        return Response(whole_delivery_out(reads.dispatch(self.hook(request, pk), delivery)))

    @operation("redeliver", answer=DeliveryOut, status=202, scope=Scope.ADMIN)
    def post(self, request: Request, pk: int, delivery: int) -> Response:
        """Send a delivery again

        Under the same key, composed anew.
        """
        again = commands.redeliver(self.actor(request), reads.dispatch(self.hook(request, pk), delivery))
        return Response(delivery_out(again), status=202)
