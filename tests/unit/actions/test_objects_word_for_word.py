"""The objects of a command line word for word: what is asked of the server for them, and every refusal."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edgetui.actions import cli
from edgetui.actions.cli import connect, objects
from edgetui.actions.cli.connect import Connection, NoCluster, choose
from edgetui.actions.cli.objects import EXAMPLE, Named, NoneSelected, found, known, only, place, read
from edgetui.actions.cli.running import USAGE
from edgetui.actions.messages import Refusal
from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.target import ClusterTarget
from edgetui.model.identity import ObjectKey, ObjectRef

from .scripted import Answer, Request, scripted

WRITE = f"Write KIND/NAME, {EXAMPLE}."


@pytest.mark.parametrize(
    ("words", "selector", "sentence", "step"),
    [
        (["deploy/a/b"], "", "“deploy/a/b” does not name an object.", WRITE),
        (["deploy/a", "b"], "", "“b” does not name an object.", WRITE),
        ([], "", "No object is named.", f"Write KIND/NAME or KIND NAME, {EXAMPLE}."),
        (["deploy"], "", "“deploy” does not name an object.", f"Write KIND/NAME or KIND NAME, {EXAMPLE}."),
        (["deploy", "a"], "x=y", "A selector goes with a kind and without a name.", "Write KIND -l KEY=VALUE."),
        (["deploy/a"], "x=y", "A selector goes with a kind and without a name.", "Write KIND -l KEY=VALUE."),
        (["deploy,"], "x=y", "A selector goes with a kind and without a name.", "Write KIND -l KEY=VALUE."),
        ([], "x=y", "No kind is named.", "Write KIND -l KEY=VALUE, for example deploy -l app=press."),
    ],
)  # fmt: skip
def test_words_that_name_nothing_say_how_to_write_them(
    words: list[str], selector: str, sentence: str, step: str
) -> None:
    with pytest.raises(Refusal) as refused:
        read(words, selector)
    assert (refused.value.sentence, refused.value.next_step) == (sentence, step)


@pytest.mark.parametrize(
    ("words", "alone", "named"),
    [
        (["a"], {"Node"}, (("Node", "a"),)),
        (["node", "a", "b"], {"Node"}, (("node", "a"), ("node", "b"))),
        (["deploy", "a"], {"Node"}, (("Node", "deploy"), ("Node", "a"))),
        (["deploy", "a"], {"Node", "Deployment"}, (("deploy", "a"),)),
        (["deploy", "a"], set(), (("deploy", "a"),)),
        (["deploy,node", "a", "b"], set(), (("deploy", "a"), ("deploy", "b"), ("node", "a"), ("node", "b"))),
    ],
)
def test_a_kind_may_be_left_out_where_a_command_has_one(
    words: list[str], alone: set[str], named: tuple[tuple[str, str], ...]
) -> None:
    assert read(words, alone=frozenset(alone)) == Named(named)


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        (Named(), "This works on one object at a time."),
        (Named((("deploy", "a"), ("deploy", "b"))), "This works on one object at a time."),
        (Named((("pump", "a"),)), "“pump” is not a kind edgetui knows."),
    ],
)
def test_one_object_of_a_known_kind_is_one(named: Named, sentence: str) -> None:
    assert only(Named((("deploy", "a"),))) == ("Deployment", "a")
    with pytest.raises(Refusal) as refused:
        only(named)
    assert (refused.value.sentence, refused.value.next_step) == (sentence, WRITE)
    assert (known("deploy"), known("pump")) == ("Deployment", "")


def session(namespace: str = "") -> Any:
    target = ClusterTarget(name="plant", context="plant", server="https://plant", namespace=namespace)
    return SimpleNamespace(name="plant", target=target)


@pytest.mark.parametrize(
    ("kind", "asked", "of_context", "namespace"),
    [
        ("Deployment", "line-2", "farm", "line-2"),
        ("Deployment", "", "farm", "farm"),
        ("Deployment", "", "", "default"),
        ("Node", "line-2", "farm", ""),
    ],
)
def test_an_object_is_in_the_namespace_that_is_asked_for(
    kind: str, asked: str, of_context: str, namespace: str
) -> None:
    expected = ObjectRef(ObjectKey("plant", kind, namespace, "a"), "", "")
    assert place(session(of_context), kind, "a", asked) == expected


class Pumps:
    """A resource that edgetui does not watch."""

    def __init__(self, *, namespaced: bool) -> None:
        self.namespaced, self.kind = namespaced, "Pump"

    def path(self, namespace: str) -> str:
        return f"/apis/pumps/{namespace if self.namespaced else 'everywhere'}"


def names(*found: str) -> dict[str, Any]:
    return {"items": [{"metadata": {"name": one}} for one in found]}


LISTS = {
    "/apis/apps/v1/namespaces/line-2/deployments": names("b", "a"),
    "/api/v1/nodes": names("edge-1"),
    "/apis/pumps/line-2": names("main"),
    "/apis/pumps/everywhere": names("main"),
}


async def asked(named: Named, *, namespaced: bool = True) -> tuple[list[tuple[str, str, str]], list[Request]]:
    """What is found: kind, namespace and name of each, and what was asked of the server."""

    def answer(request: Request) -> Answer:
        return 200, LISTS.get(request.path, {"items": []})

    async def resolve(session: Any, word: str) -> Pumps:
        assert word == "pumps"
        return Pumps(namespaced=namespaced)

    async with scripted(answer) as (server, connected):
        listed = await found(cast("Any", connected), named, "line-2", resolve)
    for ref, other in listed:
        assert (other is None) == (ref.key.kind != "Pump") and (ref.uid, ref.resource_version) == ("", "")
    keys = [(ref.key.kind, ref.key.namespace, ref.key.name) for ref, _ in listed]
    return keys, server.requests


@pytest.mark.parametrize(
    ("named", "keys"),
    [
        (Named((("deploy", "a"), ("Node", "b"))), [("Deployment", "line-2", "a"), ("Node", "", "b")]),
        (Named((("deploy", "a"), ("deployment", "a"))), [("Deployment", "line-2", "a")]),
        (Named((("pumps", "a"), ("deploy", "a"))), [("Pump", "line-2", "a"), ("Deployment", "line-2", "a")]),
    ],
)
async def test_objects_that_are_named_are_each_one_once_and_not_asked_for(
    named: Named, keys: list[tuple[str, str, str]]
) -> None:
    assert await asked(named) == (keys, [])


async def test_a_resource_without_namespaces_is_in_none() -> None:
    assert (await asked(Named((("pumps", "a"),)), namespaced=False))[0] == [("Pump", "", "a")]


async def test_a_selector_lists_each_kind_in_the_order_of_the_words_and_of_the_names() -> None:
    keys, requests = await asked(Named((), ("deploy", "node", "pumps"), "app=press"))
    assert keys == [
        ("Deployment", "line-2", "a"),
        ("Deployment", "line-2", "b"),
        ("Node", "", "edge-1"),
        ("Pump", "line-2", "main"),
    ]
    assert {one.path for one in requests} == set(LISTS) - {"/apis/pumps/everywhere"}
    assert all(one.query["labelSelector"] == "app=press" for one in requests)
    keys, _ = await asked(Named((), ("pumps",), "x"), namespaced=False)
    assert keys == [("Pump", "", "main")]


async def test_a_selector_that_chooses_nothing_says_where() -> None:
    with pytest.raises(NoneSelected) as none:
        await asked(Named((), ("sts", "ds"), "app=press"))
    assert none.value.namespace == "line-2"
    assert none.value.sentence == "No sts, ds in line-2 has the labels app=press: nothing was changed."


async def test_a_kind_that_nobody_finds_is_said() -> None:
    for named in (Named((("pumps", "a"),)), Named((), ("pumps",), "x")):
        with pytest.raises(Refusal) as refused:
            await found(session(), named, "", None)
        assert (refused.value.sentence, refused.value.next_step) == (
            "“pumps” is not a kind edgetui knows.",
            WRITE,
        )
    assert objects.one(["deploy/a"]) == ("Deployment", "a")


def cluster(name: str, error: KubeconfigError | None = None) -> ClusterTarget:
    return ClusterTarget(name=name, context=name, server=f"https://{name}", error=error)


def test_one_cluster_is_chosen_or_it_is_said_why_none_is(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [cluster("weld"), cluster("press")]
    monkeypatch.setattr(connect, "load_fleet", lambda *given: there)
    with pytest.raises(NoCluster) as none:
        choose([], [])
    assert (none.value.sentence, none.value.next_step) == (
        "This works on one cluster, and there are 2: press, weld.",
        "Name one with --context.",
    )
    with pytest.raises(NoCluster) as none:
        choose([], ["a", "b", "a"])
    assert (none.value.sentence, none.value.next_step) == (
        "This works on one cluster, and --context names 2: a, b, a.",
        "Name one, and run it again for the other.",
    )
    there[:] = [cluster("press", KubeconfigError("It has no server.", "Add one."))]
    with pytest.raises(NoCluster) as none:
        choose([], [])
    assert (none.value.sentence, none.value.next_step) == ("It has no server.", "Add one.")
    there[:] = [cluster("press")]
    assert choose([Path("a")], []) is there[0]


async def test_a_connection_is_of_its_cluster_and_closes_what_it_opened() -> None:
    made = Connection(cluster("press"))
    assert (made.name, made.target.context, made.store) == ("press", "press", None)
    closed: list[bool] = []
    made.transport.close = lambda: closed.append(True)  # type: ignore[method-assign]
    await made.reconnect(True)
    made.close()
    assert closed == [True]


@pytest.mark.parametrize("argv", [[], ["nothing"], ["--help"]])
def test_what_is_no_command_names_them_all(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(argv) == USAGE
    assert capsys.readouterr().err == f"Name one of {', '.join(cli.COMMANDS)}.\n"


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("exec", ("exec", "command")),
        ("shell", ("exec", "command")),
        ("attach", ("exec", "attach")),
        ("cp", ("cp", "command")),
        ("audit", ("audit", "command")),
        ("status", ("status", "command")),
        ("history", ("history", "command")),
    ],
)
def test_a_command_with_a_file_of_its_own_is_that(
    name: str, called: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def loaded(module: str) -> Any:
        def run(function: str, argv: Any) -> int:
            seen.append((module, function, list(argv)))
            return 7

        return SimpleNamespace(command=partial(run, "command"), attach=partial(run, "attach"))

    monkeypatch.setattr(cli, "import_module", loaded)
    assert cli.main([name, "a", "b"]) == 7
    assert seen == [(f"edgetui.actions.cli.{called[0]}", called[1], ["a", "b"])]


def test_an_old_name_of_an_action_is_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.COMMANDS, "scale-to-zero", lambda argv: len(argv))
    assert cli.main(["park", "a", "b"]) == 2
