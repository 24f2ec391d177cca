"""What the rules of RBAC that a SelfSubjectRulesReview lists allow: one answer in the place of a review for each right.

A rule matches as in kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go. Other authorizers may allow more: then the
server says that the list is incomplete.
"""

from __future__ import annotations

from typing import Any

import msgspec

from edgetui.actions.catalogue import Access
from edgetui.actions.reading import shaped

_ALL = "*"


class _Rule(msgspec.Struct, frozen=True, rename="camel"):
    verbs: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None


class Rules(msgspec.Struct, frozen=True, rename="camel"):
    """The rules of one namespace, those of the whole cluster among them."""

    resource_rules: list[_Rule] | None = None
    incomplete: bool = False

    def allow(self, need: Access, name: str = "") -> bool:
        """Whether one of them gives this right on every object or, with a name, on that one."""
        wanted = f"{need.resource}/{need.subresource}" if need.subresource else need.resource
        resources = {_ALL, wanted} | ({f"{_ALL}/{need.subresource}"} if need.subresource else set())
        return any(
            not {_ALL, need.verb}.isdisjoint(rule.verbs or ())
            and not {_ALL, need.group}.isdisjoint(rule.api_groups or ())
            and not resources.isdisjoint(rule.resources or ())
            and (not rule.resource_names or name in rule.resource_names)
            for rule in self.resource_rules or ()
        )


class _Review(msgspec.Struct, frozen=True):
    status: Rules


async def rules_in(api: Any, namespace: str) -> Rules:
    """The rules for this user in a namespace. Raises EdgetuiError where the server does not tell them."""
    review = await api.review("SelfSubjectRulesReview", {"namespace": namespace})
    return shaped(review, _Review, "SelfSubjectRulesReview").status
