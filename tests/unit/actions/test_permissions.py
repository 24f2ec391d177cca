"""Rights: one answer for screen, gate and commands; all that is missing at once; a grant counts at the next try."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.catalogue import ACTIONS, needs
from edgetui.actions.gate.missing import MissingRights, together
from edgetui.actions.gate.permissions import REMEMBERED, Permission, Permissions, ask
from edgetui.actions.gate.role import role
from edgetui.actions.messages import Refusal
from edgetui.actions.rights import Access
from edgetui.actions.scaling import scale
from edgetui.cluster.errors import EdgetuiError, Forbidden, LinkError
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.actions.every_action import CASES, healthy

from .at_once import AtOnce, told
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


class Asking:
    """Permissions on a clock, and a server that denies what is named; an answer may be missing."""

    def __init__(self, *denied: str) -> None:
        self.now = 1000.0
        self.session = AtOnce(healthy())
        self.session.denied = frozenset(denied)
        self.permissions = Permissions(lambda: self.now)
        self.silent = False
        review = self.session.api.review

        async def answered(kind: str, spec: Mapping[str, Any], **more: Any) -> Any:
            if self.silent:
                raise LinkError("The link is down.")
            return await review(kind, spec, **more)  # type: ignore[arg-type]

        self.session.api.review = answered  # type: ignore[method-assign, assignment]

    def asked(self) -> list[str]:
        """The reviews since the last call."""
        found, self.session.asked[:] = list(self.session.asked), []
        return found

    async def check(self, *needs: Access, name: str = "press", again: bool = False) -> Permission:
        return await self.permissions.check(self.session, needs, "line-2", name, again=again)


PATCH, LIST = Access("patch", "deployments", "apps"), Access("list", "pods", named=False)


async def test_an_answer_counts_for_a_minute_and_a_denial_is_asked_of_the_object_too() -> None:
    here = Asking("patch deployments", "list pods")
    assert await here.check(PATCH, LIST) == Permission((PATCH, LIST), True)
    assert here.asked() == ["patch deployments", "list pods", "patch deployments press"]
    here.now += REMEMBERED - 0.1
    assert (await here.check(PATCH, LIST)).words == "patch deployments, list pods"
    assert here.asked() == []
    here.session.denied = frozenset()
    assert (await here.check(PATCH, LIST, again=True)).ok
    assert here.asked() == ["patch deployments", "list pods"]
    here.now += REMEMBERED
    assert (await here.check(PATCH, name="weld")).ok
    assert here.asked() == ["patch deployments"]


async def test_a_right_of_one_object_is_no_right_of_another() -> None:
    here = Asking("patch deployments weld")
    here.session.denied = frozenset({"patch deployments"})
    assert not (await here.check(PATCH)).ok
    here.session.denied = frozenset({"patch deployments weld"})
    here.permissions.invalidate(here.session)
    here.permissions._answers["plant", PATCH, "line-2", ""] = (here.now, False)
    here.asked()
    assert (await here.check(PATCH)).ok
    assert here.asked() == ["patch deployments press"]
    assert not (await here.check(PATCH, name="weld")).ok
    assert (await here.check(PATCH, name="")) == Permission((PATCH,), True)


async def test_what_the_server_does_not_answer_is_not_known() -> None:
    here = Asking()
    here.silent = True
    assert await here.check(PATCH, LIST) == Permission((), False)
    here.silent = False
    assert await here.check(PATCH, LIST) == Permission((), True)
    here.silent = True
    assert await here.check(PATCH, LIST) == Permission((), True)


async def test_whoever_asks_the_same_at_a_time_waits_for_the_same_answer() -> None:
    here = Asking()
    await asyncio.gather(here.check(PATCH, LIST), here.check(LIST, PATCH), here.check(PATCH, name="weld"))
    assert sorted(here.asked()) == ["list pods", "patch deployments"]
    assert here.permissions._asked == {}


async def test_no_more_than_a_few_are_asked_at_a_time() -> None:
    here, at_a_time, most = Asking(), 0, 0
    review = here.session.api.review

    async def slow(*args: Any, **more: Any) -> Any:
        nonlocal at_a_time, most
        at_a_time += 1
        most = max(most, at_a_time)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        at_a_time -= 1
        return await review(*args, **more)

    here.session.api.review = slow  # type: ignore[method-assign]
    await here.check(*(Access("get", f"kind-{number}") for number in range(11)))
    assert most == 4


async def test_a_new_credential_forgets_one_cluster_alone() -> None:
    here = Asking()
    here.permissions._answers["van", PATCH, "line-2", ""] = (here.now, True)
    await here.check(PATCH)
    here.permissions.invalidate(here.session)
    assert list(here.permissions._answers) == [("van", PATCH, "line-2", "")]


async def test_what_is_remembered_of_an_action() -> None:
    here = Asking("patch deployments")
    action = ACTIONS["restart"]
    assert here.permissions.known("plant", action, KEY) == Permission((), False)
    assert (
        await here.permissions.allowed(here.session, action, "line-2", "Deployment", "press")
    ).missing == (PATCH,)
    assert here.permissions.known("plant", action, KEY) == Permission((PATCH,), True)
    assert here.permissions.known("van", action, KEY) == Permission((), False)
    assert here.permissions.known("plant", action, KEY._replace(kind="Pump")) == Permission((), True)
    assert here.permissions.known("plant", action, KEY._replace(name="weld")) == Permission((), False)
    here.asked()
    await here.permissions.allowed(here.session, action, "line-2")
    assert here.asked() == [], "the first of its kinds"
    await here.permissions.allowed(here.session, ACTIONS["rotate"], "line-2", "Pump")
    assert len(here.asked()) == len(ACTIONS["rotate"].needs[""])


@pytest.mark.parametrize("namespace", ["line-2", ""])
async def test_what_is_missing_is_named_with_a_role(namespace: str, snapshot: SnapshotAssertion) -> None:
    here = Asking("patch deployments", "list")
    rights = (
        PATCH,
        Access("get", "deployments", "apps"),
        Access("update", "deployments", "apps", "scale"),
        LIST,
    )
    with pytest.raises(MissingRights) as refused:
        await here.permissions.require(here.session, "restart", rights, namespace, "press")
    assert "\n".join([told(refused.value), *refused.value.paste, *here.asked()]) == snapshot
    here.session.denied = frozenset()
    assert await here.permissions.require(here.session, "restart", rights, namespace, "press") is None  # type: ignore[func-returns-value]


def test_several_that_lack_rights_are_refused_once(snapshot: SnapshotAssertion) -> None:
    def lacks(user: str, cluster: str, namespace: str, *missing: Access) -> MissingRights:
        return MissingRights("restart", {(user, cluster, namespace): missing})

    found = together(
        [
            lacks("kim", "plant", "line-2", PATCH, LIST),
            lacks("kim", "plant", "line-2", PATCH),
            lacks("kim", "plant", "line-3", PATCH),
            lacks("", "van", "", LIST),
        ]
    )
    alone = together([lacks("kim", "plant", "", LIST)])
    assert "\n".join([told(found), *found.paste, "", told(alone), *alone.paste]) == snapshot


@pytest.mark.parametrize("known", ["nothing", "denied", "forbidden", "forbidden by another"])
async def test_a_read_that_is_forbidden_on_the_way_is_explained(
    known: str, snapshot: SnapshotAssertion
) -> None:
    here, found = Asking(), list[str]()

    async def refused(problem: Refusal) -> None:
        found.append(f"refused: {told(problem)}")

    if known == "denied":
        here.session.denied = frozenset({"patch deployments"})
        await here.check(PATCH)
    for action in (ACTIONS["restart"], ACTIONS["edit"], None):
        try:
            async with here.permissions.explaining(here.session, action, KEY, refused):
                found.append("runs")
                if known == "forbidden":
                    here.session.denied = frozenset({"get deployments"})
                    here.permissions.invalidate(here.session)
                if known.startswith("forbidden"):
                    raise Forbidden("no", code=403)
        except EdgetuiError as problem:
            found.append(told(problem))
    assert "\n".join([*found, *here.asked()]) == snapshot


@pytest.mark.parametrize(
    ("status", "allowed"), [({"allowed": True}, True), ({"allowed": False}, False), ({}, False)]
)
async def test_an_answer_without_a_word_is_a_no(status: dict[str, bool], allowed: bool) -> None:
    here = Asking()

    async def answered(kind: str, spec: Mapping[str, Any], **more: Any) -> Any:
        assert (kind, spec) == (
            "SelfSubjectAccessReview",
            {"resourceAttributes": {"verb": "patch", "group": "apps", "resource": "deployments",
                                    "namespace": "line-2", "name": "press"}},
        )  # fmt: skip
        return {"status": status}

    here.session.api.review = answered  # type: ignore[method-assign, assignment]
    assert await ask(here.session.api, PATCH, "line-2", "press") is allowed
