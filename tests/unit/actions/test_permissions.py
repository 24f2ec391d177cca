"""Rights: one answer for screen, gate and commands; all that is missing at once; a grant counts at the next try."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgetui.actions.catalogue import ACTIONS, needs
from edgetui.actions.gate.permissions import REMEMBERED, Permissions
from edgetui.actions.gate.role import role
from edgetui.actions.messages import Refusal
from edgetui.actions.scaling import scale
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.actions.every_action import CASES, healthy

from .scripted import FakeDeployment, Request, Server, Watching, scripted
from .site import Shell, shell_on
from .tokens import rotating

KEY = ObjectKey("plant", "Deployment", "line-2", "press")
REF = ObjectRef(KEY, "uid-1", "812")


def narrow(asked: dict[str, str]) -> bool:
    """A Role with resourceNames: [press]."""
    return asked.get("name") == "press"


async def test_a_role_with_resource_names_works_through_the_gate_and_is_remembered(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    async with scripted(press.answer) as (server, session):
        server.allows = narrow
        permissions, action = hands.gate.permissions, ACTIONS["scale"]
        assert (await permissions.allowed(session, action, "line-2", "Deployment", "press")).ok
        view = await scale.prepare(session, REF)
        assert (await scale.perform(hands.gate, session, view, 6, wait=5)).ok
        known = permissions.known("plant", action, KEY)
        assert (known.ok, known.known) == (True, True)
        assert not permissions.known("plant", action, KEY._replace(name="weld")).known


async def test_a_right_on_any_object_is_asked_once_for_all_of_them(tmp_path: Path) -> None:
    async with scripted(FakeDeployment().answer) as (server, session):
        permissions = Permissions(lambda: 1000.0)
        for name in ("press", "weld", "oven"):
            found = await permissions.allowed(session, ACTIONS["scale"], "line-2", "Deployment", name)
            assert found.ok and found.known
        assert len(server.reviews) == len(needs("scale", "Deployment"))


async def test_a_denial_is_remembered_for_the_footer_and_asked_again_by_the_next_try(tmp_path: Path) -> None:
    press, hands = FakeDeployment(), Watching(tmp_path)
    async with scripted(press.answer) as (server, session):
        view = await scale.prepare(session, REF)
        server.allows = lambda asked: asked["verb"] != "update"
        assert not server.reviews
        with pytest.raises(Refusal, match="kim may not update deployments/scale in line-2 on plant"):
            await scale.perform(hands.gate, session, view, 6, wait=5)
        assert (
            hands.gate.permissions.known("plant", ACTIONS["scale"], KEY).words == "update deployments/scale"
        )
        asked = len(server.reviews)
        server.allows = lambda asked: True
        assert (await scale.perform(hands.gate, session, view, 6, wait=5)).ok
        assert len(server.reviews) == asked, "what the server lets through is not asked about"


async def test_a_denial_is_asked_again_by_a_try_and_not_by_a_look() -> None:
    async with scripted(FakeDeployment().answer) as (server, session):
        server.allows = lambda asked: False
        permissions = Permissions(lambda: 1000.0)
        assert not (await permissions.allowed(session, ACTIONS["scale"], "line-2", "Deployment")).ok
        asked = len(server.reviews)
        assert not (await permissions.allowed(session, ACTIONS["scale"], "line-2", "Deployment")).ok
        assert len(server.reviews) == asked, "the footer of a viewer costs nothing"
        server.allows = lambda asked: True
        await permissions.require(session, "scale", needs("scale", "Deployment"), "line-2", "")
        assert len(server.reviews) > asked


def test_what_is_remembered_is_forgotten_after_a_while() -> None:
    now = 1000.0
    permissions = Permissions(lambda: now)
    permissions._answers[("plant", needs("undo", "Deployment")[0], "line-2", "")] = (now, True)
    assert permissions.known("plant", ACTIONS["undo"], KEY).known
    now += REMEMBERED
    assert not permissions.known("plant", ACTIONS["undo"], KEY).known


@pytest.mark.parametrize(
    ("action", "kind"), [(one.id, kind) for one in ACTIONS.values() for kind in one.needs], ids=str
)
def test_all_rights_of_every_action_are_one_role_that_kubernetes_can_read(action: str, kind: str) -> None:
    wanted = needs(action, kind)
    made = yaml.safe_load("\n".join(role(wanted, "line-2", action)))
    assert (made["kind"], made["metadata"]["namespace"]) == ("Role", "line-2")
    given = {
        (verb, group, resource)
        for rule in made["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    slash = {one: f"/{one.subresource}" if one.subresource else "" for one in wanted}
    assert given == {(one.verb, one.group, f"{one.resource}{slash[one]}") for one in wanted}
    assert max(map(len, role(wanted, "line-2", action))) < 76


def test_rights_on_what_has_no_namespace_are_a_cluster_role() -> None:
    made = yaml.safe_load("\n".join(role(needs("undo", "Pod"), "", "undo")))
    assert (made["kind"], "namespace" in made["metadata"]) == ("ClusterRole", False)


async def test_every_right_that_a_rotation_lacks_is_named_at_once(tmp_path: Path) -> None:
    from edgetui.actions.credentials import rotate

    async with rotating(tmp_path) as here:
        here.server.allows = lambda asked: asked["verb"] not in ("create", "delete")
        with pytest.raises(Refusal) as raised:
            await rotate.perform(here.hands.gate, here.session, await rotate.prepare(here.session))
        said = raised.value
        assert "create serviceaccounts/token, create secrets, delete secrets in farm" in said.sentence
        resources = [rule["resources"] for rule in yaml.safe_load("\n".join(said.paste))["rules"]]
        assert resources == [["serviceaccounts/token"], ["secrets"]]
        here.server.allows = lambda asked: True
        assert (await rotate.perform(here.hands.gate, here.session, await rotate.prepare(here.session))).ok


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    with shell_on(healthy(), tmp_path, monkeypatch, capsys) as found:
        yield found


def test_a_read_that_is_forbidden_names_all_that_the_command_needs(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.site.instead = lambda request: (403, {})
    answer = Server._answer

    def nothing_allowed(server: Server, request: Request) -> Any:
        server.allows = lambda asked: False
        return answer(server, request)

    monkeypatch.setattr(Server, "_answer", nothing_allowed)
    for action in ("scale", "rollback", "restart"):
        told = shell.run(*CASES[action].words, "--yes")
        said = told.json["error"]
        assert (told.code, told.json["outcome"]) == (1, "refused")
        assert all(one.words in said["sentence"] for one in needs(action, "Deployment"))
        assert yaml.safe_load(said["paste"])["kind"] == "Role"
        assert [(one["action"], one["result"]) for one in told.audit] == [(action, "refused")]
        assert told.audit[0]["object"]["name"] == "press"
