"""Edits on a real API server: beside kubectl's, with somebody else writing meanwhile, and what each ending leaves."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.messages import Cancelled, Refusal
from edgetui.actions.objects.resource import EDIT, find
from edgetui.model.identity import ObjectKey, ObjectRef

from . import workloads as w
from .acting import Acting, connected, named
from .cluster import ControlPlane
from .commanding import Command
from .custom import define, definition
from .editing import Desk, edited, editor
from .proxy import FaultProxy
from .waiting import eventually

Json = dict[str, Any]
PUMPS = definition("editpumps", "EditPump", shortNames=["epu"])
ODD = "one\r\n\ttab\nü ☃ 😀\nlast line without an end"


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the file of an edit is; nothing is left there."""
    made = tmp_path / "runtime"
    made.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(made))
    yield made
    assert list(made.iterdir()) == []


@pytest.fixture
def pumps(cluster: ControlPlane) -> None:
    """A kind whose status is an ordinary field."""
    define(cluster, PUMPS)


def path_of(namespace: str, kind: str, name: str = "") -> str:
    group = {
        "configmaps": "/api/v1",
        "services": "/api/v1",
        "deployments": "/apis/apps/v1",
        "editpumps": "/apis/example.com/v1",
    }[kind]
    return f"{group}/namespaces/{namespace}/{kind}{f'/{name}' if name else ''}"


def pump(name: str, **spec: Any) -> Json:
    return {
        "apiVersion": "example.com/v1",
        "kind": "EditPump",
        "metadata": {"name": name, "labels": {"site": "north"}},
        "spec": spec,
        "status": {"phase": "on"},
    }


def settings(name: str, **data: str) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def plain(obj: Json) -> Json:
    """What two objects of one making have in common, whoever wrote them and when."""
    own = {"name", "uid", "resourceVersion", "creationTimestamp", "managedFields"}
    made = {**obj, "metadata": {key: value for key, value in obj["metadata"].items() if key not in own}}
    if "status" in made and "conditions" in made["status"]:
        made.pop("status")
    return made


BESIDE_KUBECTL: dict[str, tuple[str, Callable[[str], Json], str]] = {
    # what: (plural, the object, what sed does)
    "a number": ("deployments", lambda name: w.deployment(name, replicas=0), "s/replicas: 0/replicas: 2/"),
    "a field taken away": (
        "deployments",
        lambda name: w.deployment(name, replicas=0, spec={"minReadySeconds": 7}),
        "/minReadySeconds/d",
    ),
    "a container more": (
        "deployments",
        lambda name: w.deployment(name, replicas=0),
        r"s/^\( *\)containers:/&\n\1- {name: side, image: x}/",
    ),
    "a label more": (
        "configmaps",
        lambda name: settings(name, a="b"),
        r"s/^metadata:/&\n  labels: {site: north}/",
    ),
    "one key of odd texts": ("configmaps", lambda name: settings(name, odd=ODD, a="b"), "s/^  a: b/  a: c/"),
    "a text of several lines": (
        "configmaps",
        lambda name: settings(name, conf="[a]\nx = 1\n[b]\ny = 2\n"),
        "s/y = 2/y = 3/",
    ),
    "words that are no text": ("configmaps", lambda name: settings(name, a="b"), 's/a: b/a: "yes"/'),
    "a custom resource beside its status": (
        "editpumps",
        lambda name: pump(name, pressure=3, rates=[0.5, 1e-07, 12345678901234]),
        "s/pressure: 3/pressure: 4/",
    ),
    "a list of a custom resource": (
        "editpumps",
        lambda name: pump(name, valves=["a", "b"], on=True),
        's/^  - b$/  - c/; s/^  - "b"$/  - c/; s/^    - b$/    - c/',
    ),
    "a port of a Service": (
        "services",
        lambda name: {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"clusterIP": "None", "ports": [{"port": 80}], "selector": {"app": "x"}},
        },
        "s/port: 80/port: 81/",
    ),
}


@pytest.mark.parametrize("what", BESIDE_KUBECTL)
def test_an_edit_comes_to_what_kubectl_edit_comes_to(
    what: str,
    cluster: ControlPlane,
    namespace: str,
    pumps: None,
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plural, make, script = BESIDE_KUBECTL[what]
    before = {}
    for name in ("mine", "theirs"):
        before[name] = cluster.api.create(path_of(namespace, plural), make(name))
    monkeypatch.setenv(
        "KUBE_EDITOR", str(editor(tmp_path, f'cp "$1" "$0.seen"; exec sed -i \'{script}\' "$1"'))
    )
    code, found, said = command.agreed(
        "edit", plural if plural != "editpumps" else "epu", "mine", "--no-wait"
    )
    assert (code, found["outcome"]) == (0, "pending"), (found, said)
    cluster.kubectl("edit", plural, "theirs", "-n", namespace)

    def alike() -> Json:
        """Once the controllers have said the same of both."""
        mine, theirs = (cluster.api.get(path_of(namespace, plural, name)) for name in ("mine", "theirs"))
        for one in (mine, theirs):
            for key in ("clusterIP", "clusterIPs"):
                one.get("spec", {}).pop(key, None)
        assert plain(mine)["metadata"] == plain(theirs)["metadata"]
        assert json.loads(json.dumps(plain(mine)).replace("mine", "theirs")) == plain(theirs)
        return mine

    mine = eventually(alike, within=30, what="the same of both edits", errors=(AssertionError,))
    assert plain(mine) != plain(before["mine"])
    assert found["plan"]["diff"]


def test_a_put_of_the_text_would_lose_the_status_that_the_patch_leaves_alone(
    cluster: ControlPlane, namespace: str, pumps: None
) -> None:
    """Why a patch is sent: this server, asked both ways."""
    path = path_of(namespace, "editpumps", "main")
    there = cluster.api.create(path_of(namespace, "editpumps"), pump("main", pressure=3))
    text = {key: value for key, value in there.items() if key != "status"}
    cluster.kubectl("replace", "-n", namespace, "-f", "-", input=json.dumps(text))
    assert "status" not in cluster.api.get(path)


@dataclass
class Scenario:
    """`mine` is what sed does in the first editor, `other` what somebody else patches before it is saved.

    `spec` is what the pump comes to. `told` are lines of the second text, `clashes` the last lines of its header.
    `opens` is how often the editor opens. `later` is true where the other one writes while the plan is looked at.
    """

    there: Json
    mine: str
    other: Json
    spec: Json
    told: tuple[str, ...] = ()
    clashes: tuple[str, ...] = ()
    opens: int = 2
    later: bool = False
    ends: str = ""
    metadata: Json = field(default_factory=dict)


def tanks(**levels: int) -> list[Json]:
    return [{"name": name, "level": level} for name, level in levels.items()]


SCENARIOS: dict[str, Scenario] = {
    "another field": Scenario(
        {"a": 1, "b": 1},
        "s/ a: 1/ a: 2/",
        {"spec": {"b": 2}},
        {"a": 2, "b": 2},
        told=("# -   b: 1", "# +   b: 2"),
    ),
    "the same field": Scenario(
        {"a": 1},
        "s/ a: 1/ a: 2/",
        {"spec": {"a": 3}},
        {"a": 2},
        clashes=("spec.a: yours 2, theirs 3, before 1",),
    ),
    "the same field to the same value": Scenario(
        {"a": 1}, "s/ a: 1/ a: 2/", {"spec": {"a": 2}}, {"a": 2}, ends="says the same as before"
    ),
    "a field that they took away": Scenario(
        {"a": 1, "b": 1},
        "s/ a: 1/ a: 2/",
        {"spec": {"a": None}},
        {"a": 2, "b": 1},
        clashes=("spec.a: yours 2, theirs not set, before 1",),
    ),
    "a field that I took away": Scenario(
        {"a": 1, "b": 1},
        "/^  a: 1/d",
        {"spec": {"a": 3}},
        {"b": 1},
        clashes=("spec.a: yours not set, theirs 3, before 1",),
    ),
    "a field that both took away": Scenario(
        {"a": 1, "b": 1}, "/^  a: 1/d", {"spec": {"a": None}}, {"b": 1}, ends="says the same as before"
    ),
    "a field more of each": Scenario(
        {"a": 1},
        r"s/^  a: 1/&\n  mine: 1/",
        {"spec": {"theirs": 2}},
        {"a": 1, "mine": 1, "theirs": 2},
        told=("# +   theirs: 2",),
    ),
    "the same field more": Scenario(
        {"a": 1},
        r"s/^  a: 1/&\n  new: 1/",
        {"spec": {"new": 2}},
        {"a": 1, "new": 1},
        clashes=("spec.new: yours 1, theirs 2, before not set",),
    ),
    "another item of a list with names": Scenario(
        {"tanks": tanks(north=1, south=1)},
        "0,/level: 1/s//level: 5/",
        {"spec": {"tanks": tanks(north=1, south=7)}},
        {"tanks": tanks(north=5, south=7)},
    ),
    "the same item of a list with names": Scenario(
        {"tanks": tanks(north=1)},
        "s/level: 1/level: 5/",
        {"spec": {"tanks": tanks(north=7)}},
        {"tanks": tanks(north=5)},
        clashes=("spec.tanks[north].level: yours 5, theirs 7, before 1",),
    ),
    "an item more of theirs": Scenario(
        {"tanks": tanks(north=1)},
        "s/level: 1/level: 5/",
        {"spec": {"tanks": tanks(east=2, north=1)}},
        {"tanks": tanks(east=2, north=5)},
    ),
    "an item that I took away beside one that they changed": Scenario(
        {"tanks": tanks(north=1, south=2)},
        "/level: 1$/,+1d",
        {"spec": {"tanks": tanks(north=1, south=9)}},
        {"tanks": tanks(south=9)},
    ),
    "an item that I took away and they changed": Scenario(
        {"tanks": tanks(north=1, south=2)},
        "/level: 1$/,+1d",
        {"spec": {"tanks": tanks(north=9, south=2)}},
        {"tanks": tanks(south=2)},
        clashes=("spec.tanks[north]: yours not set, theirs 2 fields, before 2 fields",),
    ),
    "another place of a plain list": Scenario(
        {"valves": ["p", "q"]},
        "s/- p/- x/",
        {"spec": {"valves": ["p", "z"]}},
        {"valves": ["x", "z"]},
    ),
    "an end for a plain list of each": Scenario(
        {"valves": ["p"]},
        r"s/^\( *\)- p/&\n\1- x/",
        {"spec": {"valves": ["p", "z"]}},
        {"valves": ["p", "x"]},
        clashes=("spec.valves: yours p, x, theirs p, z, before p",),
    ),
    "only the status": Scenario({"a": 1}, "s/ a: 1/ a: 2/", {"status": {"phase": "off"}}, {"a": 2}, opens=1),
    "only an annotation": Scenario(
        {"a": 1},
        "s/ a: 1/ a: 2/",
        {"metadata": {"annotations": {"note": "theirs"}}},
        {"a": 2},
        opens=1,
        metadata={"annotations": {"note": "theirs"}},
    ),
    "the same annotation": Scenario(
        {"a": 1},
        r"s/^metadata:/&\n  annotations: {note: mine}/",
        {"metadata": {"annotations": {"note": "theirs", "more": "theirs"}}},
        {"a": 1},
        clashes=("metadata.annotations[note]: yours mine, theirs theirs, before not set",),
        metadata={"annotations": {"note": "mine", "more": "theirs"}},
    ),
    "the same label": Scenario(
        {"a": 1},
        "s/site: north/site: west/",
        {"metadata": {"labels": {"site": "east"}}},
        {"a": 1},
        clashes=("metadata.labels[site]: yours west, theirs east, before north",),
        metadata={"labels": {"site": "west"}},
    ),
    "a finalizer of theirs": Scenario(
        {"a": 1},
        "s/ a: 1/ a: 2/",
        {"metadata": {"finalizers": ["example.com/theirs"]}},
        {"a": 2},
        metadata={"finalizers": ["example.com/theirs"]},
    ),
    "a line of a text beside a field": Scenario(
        {"conf": "x = 1\ny = 1\n", "a": 1},
        "s/ a: 1/ a: 2/",
        {"spec": {"conf": "x = 1\ny = 2\n"}},
        {"conf": "x = 1\ny = 2\n", "a": 2},
        told=("# -     y = 1", "# +     y = 2"),
    ),
    "another type": Scenario(
        {"a": {"x": 1}},
        r"s/^  a:$/  a: gone/; /^    x: 1/d",
        {"spec": {"a": {"x": 2}}},
        {"a": "gone"},
        clashes=("spec.a: yours gone, theirs 1 field, before 1 field",),
    ),
    "while the plan is looked at": Scenario(
        {"a": 1, "b": 1}, "s/ a: 1/ a: 2/", {"spec": {"b": 2}}, {"a": 2, "b": 2}, later=True
    ),
    "the status while the plan is looked at": Scenario(
        {"a": 1}, "s/ a: 1/ a: 2/", {"status": {"phase": "off"}}, {"a": 2}, opens=1, later=True
    ),
}


@pytest.mark.parametrize("what", SCENARIOS)
async def test_somebody_else_writes_meanwhile(
    what: str,
    cluster: ControlPlane,
    namespace: str,
    pumps: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scenario = SCENARIOS[what]
    path = path_of(namespace, "editpumps", "main")
    cluster.api.create(path_of(namespace, "editpumps"), pump("main", **scenario.there))
    once = f'[ -e "$0.done" ] || {{ sed -i \'{scenario.mine}\' "$1"; touch "$0.done"; }}'
    monkeypatch.setenv("KUBE_EDITOR", str(editor(tmp_path, once)))
    acting, done = Acting(tmp_path), list[int]()

    def other() -> None:
        if not done:
            done.append(1)
            cluster.api.patch(path, scenario.other)

    desk = Desk() if scenario.later else Desk(other)
    acting.meanwhile = other if scenario.later else lambda: None
    async with connected(cluster.kubeconfig()) as session:
        resource = await find(session, "epu", EDIT)
        ref = ObjectRef(ObjectKey(session.name, "EditPump", namespace, "main"), "", "")
        try:
            receipt = await edited(acting, session, ref, desk, resource)
            assert receipt.ok
            assert not scenario.ends
        except Cancelled as cancelled:
            assert scenario.ends, cancelled
            assert scenario.ends in cancelled.sentence
    there = cluster.api.get(path)
    assert there["spec"] == scenario.spec
    assert len(desk.seen) == scenario.opens, desk.seen[-1]
    for key, value in scenario.metadata.items():
        assert there["metadata"][key] == value
    if "status" in scenario.other:
        assert there["status"] == scenario.other["status"]
    if scenario.opens > 1:
        again = desk.seen[-1].splitlines()
        assert "# Somebody changed EditPump main while you edited it." in desk.seen[-1]
        assert [line for line in scenario.told if line not in again] == [], again
        header = [line for line in again if line.startswith("#")]
        clashes = [line.removeprefix("# ") for line in header[len(header) - 1 - len(scenario.clashes) : -1]]
        assert tuple(clashes) == scenario.clashes or not scenario.clashes, header
        assert ("Both of you changed this" in desk.seen[-1]) == bool(scenario.clashes), header
    cluster.api.patch(path, {"metadata": {"finalizers": None}})


@pytest.mark.parametrize("anew", [False, True])
async def test_an_object_that_is_gone_is_not_made_anew(
    anew: bool, cluster: ControlPlane, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of(namespace, "configmaps", "settings")
    cluster.api.create(path_of(namespace, "configmaps"), settings("settings", a="b"))
    once = '[ -e "$0.done" ] || { sed -i \'s/a: b/a: c/\' "$1"; touch "$0.done"; }'
    monkeypatch.setenv("KUBE_EDITOR", str(editor(tmp_path, once)))

    def other() -> None:
        cluster.kubectl("delete", "configmap", "settings", "-n", namespace)
        if anew:
            cluster.api.create(path_of(namespace, "configmaps"), settings("settings", a="anew"))

    desk = Desk(other)
    async with connected(cluster.kubeconfig()) as session:
        resource = await find(session, "cm", EDIT)
        ref = ObjectRef(ObjectKey(session.name, "ConfigMap", namespace, "settings"), "", "")
        with pytest.raises(Cancelled, match="Nothing was changed in the editor"):
            await edited(Acting(tmp_path), session, ref, desk, resource)
    said = "another one has its name now" if anew else "There is no ConfigMap settings"
    assert said in desk.seen[1]
    assert "a: c" in desk.seen[1]
    if anew:
        assert cluster.api.get(path)["data"] == {"a": "anew"}


REFUSED = {
    # what sed does: what the server says of it, at the top of the text that opens again
    "s/replicas: 0/replicass: 0/": 'unknown field "spec.replicass"',
    "s/replicas: 0/replicas: -1/": "must be greater than or equal to 0",
    "s/replicas: 0/replicas: many/": "replicas",
    r"s/^\( *\)matchLabels:/&\n\1  more: label/": "field is immutable",
    "s/image: .*/image: ''/": "spec.template.spec.containers[0].image",
}


@pytest.mark.parametrize("script", REFUSED)
async def test_what_the_server_refuses_opens_the_text_again_and_writes_nothing(
    script: str, cluster: ControlPlane, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = cluster.api.create(path_of(namespace, "deployments"), w.deployment("press", replicas=0))
    quoted = script.replace("'", "'\\''")
    once = f'[ -e "$0.done" ] || {{ sed -i \'{quoted}\' "$1"; touch "$0.done"; }}'
    monkeypatch.setenv("KUBE_EDITOR", str(editor(tmp_path, once)))
    desk, acting = Desk(), Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        with pytest.raises(Cancelled, match="Nothing was changed in the editor"):
            await edited(acting, session, named(session, "Deployment", namespace, "press"), desk)
    _, again = desk.seen
    assert REFUSED[script] in next(
        line for line in again.splitlines() if line.startswith("# The server says")
    )
    assert acting.plans == []
    now = cluster.api.get(path_of(namespace, "deployments", "press"))
    assert now["spec"] == there["spec"]
    assert [one["result"] for one in acting.audit if one["event"] == "outcome"] == ["refused"]


def test_a_secret_is_refused_and_the_way_that_is_told_works(
    cluster: ControlPlane, namespace: str, command: Command, runtime: Path
) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"
    cluster.api.create(path, {"metadata": {"name": "tls"}, "stringData": {"key": "hunter2"}})
    code, found, said = command.agreed("edit", "secret/tls")
    assert (code, found["outcome"]) == (1, "refused"), found
    assert "hunter2" not in json.dumps(found) + said
    words = re.search(r"kubectl (--kubeconfig .*?), then", found["error"]["next_step"])
    assert words is not None
    cluster.kubectl(*shlex.split(words[1]), input="stringData: {key: hunter3}")
    assert cluster.api.get(f"{path}/tls")["data"]["key"] == "aHVudGVyMw=="


async def test_who_may_not_patch_is_told_before_the_editor_opens(
    cluster: ControlPlane, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.api.create(path_of(namespace, "configmaps"), settings("settings", a="b"))
    monkeypatch.setenv("KUBE_EDITOR", str(editor(tmp_path, 'sed -i s/b/c/ "$1"')))
    desk = Desk()
    kubeconfig = cluster.service_account_kubeconfig(namespace, "reader", role="view")
    async with connected(kubeconfig) as session:
        resource = await find(session, "cm", EDIT)
        ref = ObjectRef(ObjectKey(session.name, "ConfigMap", namespace, "settings"), "", "")
        with pytest.raises(Refusal) as problem:
            await edited(Acting(tmp_path), session, ref, desk, resource)
    assert "patch configmaps" in str(problem.value)
    assert desk.seen == []


def test_the_former_text_comes_back_while_it_is_as_it_was_left(
    cluster: ControlPlane, namespace: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = cluster.api.create(
        path_of(namespace, "configmaps"), settings("settings", conf="x = 1\n", gone="b")
    )
    monkeypatch.setenv("KUBE_EDITOR", str(editor(tmp_path, "sed -i 's/x = 1/x = 2/; /gone/d' \"$1\"")))
    assert command.agreed("edit", "cm/settings").code == 0
    path = path_of(namespace, "configmaps", "settings")
    assert cluster.api.get(path)["data"] == {"conf": "x = 2\n"}
    cluster.api.patch(path, {"data": {"more": "theirs"}})
    code, found, _ = command.agreed("undo", "cm/settings")
    assert (code, found["outcome"]) == (0, "reached"), found
    assert cluster.api.get(path)["data"] == {**before["data"], "more": "theirs"}
    assert command.agreed("edit", "cm/settings").code == 0
    cluster.api.patch(path, {"data": {"conf": "x = 3\n"}})
    code, found, _ = command.agreed("undo", "cm/settings")
    assert (code, found["outcome"]) == (1, "refused"), found
    assert "somebody changed it after" in found["error"]["sentence"]
    assert '+   conf: "x = 3\\n"' in found["error"]["diff"]


def test_defaults_of_the_server_and_values_in_another_form_do_not_hinder_undo(
    cluster: ControlPlane, namespace: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = cluster.api.create(path_of(namespace, "deployments"), w.deployment("press", replicas=0))
    more = r"s/^\( *\)containers:/&\n\1- {name: side, image: x, resources: {limits: {cpu: 1000m}}}/"
    monkeypatch.setenv("KUBE_EDITOR", str(editor(tmp_path, f"sed -i '{more}' \"$1\"")))
    code, found, _ = command.agreed("edit", "deploy/press")
    assert (code, found["outcome"]) == (0, "reached"), found
    assert any("terminationMessagePath" in line for line in found["plan"]["diff"] if line[0] == "+")
    path = path_of(namespace, "deployments", "press")
    assert (
        cluster.api.get(path)["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"]
        == "1"
    )
    code, found, _ = command.agreed("undo", "deploy/press")
    assert (code, found["outcome"]) == (0, "reached"), found
    assert cluster.api.get(path)["spec"] == there["spec"]


def test_a_password_in_an_environment_is_edited_and_is_in_no_record(
    cluster: ControlPlane, namespace: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = w.deployment("press", replicas=0)
    made["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "DB_PASSWORD", "value": "hunter2"}]
    cluster.api.create(path_of(namespace, "deployments"), made)
    monkeypatch.setenv("KUBE_EDITOR", str(editor(tmp_path, 'sed -i s/hunter2/hunter3/ "$1"')))
    code, found, said = command.agreed("edit", "deploy/press")
    assert (code, found["outcome"]) == (0, "reached"), found
    now = cluster.api.get(path_of(namespace, "deployments", "press"))
    assert now["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] == "hunter3"
    record = (tmp_path / "edgetui" / "audit.jsonl").read_text()
    assert "hunter" not in record + said + json.dumps(found)
    assert any("(hidden, changed)" in line for line in found["plan"]["diff"])
    code, found, _ = command.agreed("undo", "deploy/press")
    assert (code, "cannot be undone" in json.dumps(found)) == (1, True), found


ENDINGS = {
    # what the editor does: (the sentence)
    "exit 3": "The editor editor ended with exit code 3: nothing was changed.",
    "kill -9 $$": "The editor editor was killed (SIGKILL): nothing was changed.",
    "sed -i 's/a: b/a: c/' \"$1\"; exit 1": "The editor editor ended with exit code 1: nothing was changed.",
    ': > "$1"': "The file was empty: nothing was changed.",
    'rm "$1"': "The file was empty: nothing was changed.",
    "true": "Nothing was changed in the editor, so nothing is written.",
    "sed -i 's/$/\\r/' \"$1\"": "Nothing was changed in the editor, so nothing is written.",
    "sed -i 's/^data:/data: [/' \"$1\"": "Nothing was changed.",
    "printf '\\377' >> \"$1\"": "it is not UTF-8. Nothing was changed.",
    "sed -i 's/name: settings/name: other/' \"$1\"": "by an edit: it is settings. Nothing was changed.",
}


@pytest.mark.parametrize("script", ENDINGS)
def test_every_ending_is_one_sentence_and_writes_nothing(
    script: str,
    cluster: ControlPlane,
    namespace: str,
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = cluster.api.create(path_of(namespace, "configmaps"), settings("settings", a="b"))
    monkeypatch.setenv("KUBE_EDITOR", str(editor(tmp_path, script)))
    code, found, said = command.agreed("edit", "cm/settings")
    assert (code, found["ok"]) == (1, False)
    assert found["error"]["sentence"].endswith(ENDINGS[script]), found
    assert cluster.api.get(path_of(namespace, "configmaps", "settings")) == there
    assert "Traceback" not in said


def test_no_editor_is_a_sentence(
    cluster: ControlPlane, namespace: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.api.create(path_of(namespace, "configmaps"), settings("settings", a="b"))
    monkeypatch.setenv("KUBE_EDITOR", "/nonesuch/vi")
    code, found, _ = command.agreed("edit", "cm/settings")
    assert code == 1
    assert (
        found["error"]["sentence"]
        == "The editor “/nonesuch/vi” cannot be started (there is none): nothing was changed."
    )
    assert "EDITOR=nano" in found["error"]["next_step"]


async def test_a_lost_link_gives_the_text_back(
    cluster: ControlPlane, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dry run that never reaches the server has written nothing: the text opens again with the reason."""
    cluster.api.create(path_of(namespace, "configmaps"), settings("settings", a="b"))
    once = '[ -e "$0.done" ] || { sed -i \'s/a: b/a: c/\' "$1"; touch "$0.done"; }'
    monkeypatch.setenv("KUBE_EDITOR", str(editor(tmp_path, once)))
    with FaultProxy.in_front_of(cluster) as proxy:
        desk = Desk(proxy.cut)
        async with connected(cluster.kubeconfig(server=proxy.url)) as session:
            resource = await find(session, "cm", EDIT)
            ref = ObjectRef(ObjectKey(session.name, "ConfigMap", namespace, "settings"), "", "")
            with pytest.raises(Cancelled, match="Nothing was changed in the editor"):
                await edited(Acting(tmp_path), session, ref, desk, resource)
    assert "a: c" in desk.seen[1]
    assert cluster.api.get(path_of(namespace, "configmaps", "settings"))["data"] == {"a": "b"}
