"""An edit from the text to the write: what opens the editor again, what another's change comes to, what is recorded."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.change.spec import Aim
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Cancelled, Refusal
from edgetui.actions.objects.edit import SPEC, EditView, Typed, _touched, change, merged_with, recorded, typed
from edgetui.actions.objects.edit_text import editable, read_back, without_header
from edgetui.actions.objects.resource import EDIT, Resource
from edgetui.cluster.errors import Invalid
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.deployment import DEPLOYMENT
from tests.unit.model import factories as f

from .scripted import Answer, Connected, Request, Watching, scripted

Json = dict[str, Any]
KEY = ObjectKey("plant", DEPLOYMENT, "line-2", "press")
REF = ObjectRef(KEY, "", "")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True, EDIT)


class Desk:
    """Each of `edits` makes the next text of one, as an editor would; `code` is how the first ends."""

    def __init__(
        self, *edits: Callable[[str], str], code: int = 0, attended: bool = True, again: bool = False
    ) -> None:
        self.edits, self.code, self.attended, self.asked = list(edits), code, attended, list[str]()
        self.seen: list[str] = []
        self._again = again

    async def run(self, argv: Sequence[str]) -> int:
        path = Path(argv[-1])
        self.seen.append(path.read_text())
        if not self.edits:
            return 0
        path.write_text(self.edits.pop(0)(self.seen[-1]))
        code, self.code = self.code, 0
        return code

    async def again(self, sentence: str) -> bool:
        self.asked.append(sentence)
        return self._again


def press(**spec: Any) -> Json:
    made = f.deployment("press", "line-2", generation=4, observed=4, image="press:1")
    made = {"apiVersion": "apps/v1", **copy.deepcopy(made)}
    made["spec"] |= {"paused": False, **spec}
    made["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    return made


@asynccontextmanager
async def opened(there: Json, tmp_path: Path) -> AsyncIterator[tuple[Gate, Aim, EditView]]:
    def answer(request: Request) -> Answer:
        if request.method == "POST":
            return 201, {"status": {"allowed": True}}
        return 200, there

    async with scripted(answer) as (_, session):
        watching = Watching(tmp_path)
        aim = Aim("edit", session, REF)
        yield watching.gate, aim, await SPEC.read(aim)


@pytest.fixture(autouse=True)
def _private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("KUBE_EDITOR", "an-editor")
    yield
    assert list(runtime.iterdir()) == []


def to(old: str, new: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edit


async def test_what_is_typed_is_the_object(tmp_path: Path) -> None:
    async with opened(press(), tmp_path) as (gate, aim, view):
        desk = Desk(to("replicas: 3", "replicas: 5"))
        answer = await typed(gate, aim, view, desk)
    assert answer.obj["spec"]["replicas"] == 5
    (seen,) = desk.seen
    assert seen.startswith("# deployment press in line-2 on plant\n# Lines that begin with #")
    assert "managedFields" not in seen
    assert "status:" not in seen


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda text: text, "Nothing was changed in the editor"),
        (lambda text: "", "The file was empty"),
        (lambda text: "# all gone\n\n", "The file was empty"),
        (lambda text: text.replace("\n", "\r\n"), "Nothing was changed in the editor"),
        (lambda text: text + "# only a comment\n", "says the same as before"),
        (lambda text: text.replace("replicas: 3", "replicas:   3 # three"), "says the same as before"),
        (lambda text: text.replace("paused: false", "paused: no"), "says the same as before"),
    ],
)
async def test_what_changes_nothing_ends_it(edit: Callable[[str], str], said: str, tmp_path: Path) -> None:
    async with opened(press(), tmp_path) as (gate, aim, view):
        with pytest.raises(Cancelled, match=said):
            await typed(gate, aim, view, Desk(edit))


async def test_a_mistake_opens_the_editor_again_with_its_line_and_the_text_of_the_person(
    tmp_path: Path,
) -> None:
    async with opened(press(), tmp_path) as (gate, aim, view):
        desk = Desk(to("replicas: 3", "replicas: [5"), to("replicas: [5", "replicas: 5 # five"))
        answer = await typed(gate, aim, view, desk)
    assert answer.obj["spec"]["replicas"] == 5
    first, again = desk.seen
    assert "replicas: [5" in again
    said = next(line for line in again.splitlines() if line.startswith("# Line "))
    number = int(said.split()[2].rstrip(":"))
    there = again.splitlines()[number - 1]
    assert "selector" in there or "[5" in there, (said, there)
    assert "# Line " not in first


async def test_a_mistake_that_is_left_as_it_is_ends_it(tmp_path: Path) -> None:
    async with opened(press(), tmp_path) as (gate, aim, view):
        desk = Desk(to("kind: Deployment", "kind: DaemonSet"))
        with pytest.raises(Cancelled, match="Nothing was changed in the editor"):
            await typed(gate, aim, view, desk)
    assert "# Line 8: kind cannot be changed by an edit: it is Deployment." in desk.seen[1]
    assert desk.seen[1].splitlines()[7] == "kind: DaemonSet"


async def test_with_nobody_there_a_mistake_is_a_refusal(tmp_path: Path) -> None:
    async with opened(press(), tmp_path) as (gate, aim, view):
        with pytest.raises(Refusal, match=r"^Line \d+: kind cannot be changed .*Nothing was changed\.$"):
            await typed(gate, aim, view, Desk(to("kind: Deployment", "kind: X"), attended=False))


async def test_the_text_of_an_editor_that_failed_is_offered_again(tmp_path: Path) -> None:
    async with opened(press(), tmp_path) as (gate, aim, view):
        desk = Desk(
            to("replicas: 3", "replicas: 5"), to("paused: false", "paused: true"), code=-9, again=True
        )
        answer = await typed(gate, aim, view, desk)
        assert (answer.obj["spec"]["replicas"], answer.obj["spec"]["paused"]) == (5, True)
        assert desk.asked == ["The editor an-editor was killed (SIGKILL): nothing was changed."]
        desk = Desk(to("replicas: 3", "replicas: 5"), code=1)
        with pytest.raises(Refusal, match="ended with exit code 1: nothing was changed"):
            await typed(gate, aim, view, desk)
        assert len(desk.asked) == 1
        desk = Desk(lambda text: text, code=1, again=True)
        with pytest.raises(Refusal, match="ended with exit code 1"):
            await typed(gate, aim, view, desk)
        assert desk.asked == []


async def test_read_only_opens_no_editor(tmp_path: Path) -> None:
    async with opened(press(), tmp_path) as (gate, aim, view):
        gate.read_only = True
        desk = Desk(to("replicas: 3", "replicas: 5"))
        with pytest.raises(Refusal, match="read-only"):
            await typed(gate, aim, view, desk)
    assert desk.seen == []


async def test_a_secret_is_refused_unread(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Answer:
        asked.append(request.path)
        return 200, {}

    async with scripted(answer) as (_, session):
        key = ObjectKey("plant", "Secret", "line-2", "tls")
        with pytest.raises(Refusal) as problem:
            await SPEC.read(Aim("edit", session, ObjectRef(key, "", "")))
    assert asked == []
    assert (
        "kubectl --context plant -n line-2 patch secret tls --patch-file /dev/stdin"
        in problem.value.next_step
    )


def view_of(there: Json) -> EditView:
    ref = ObjectRef(KEY, there["metadata"]["uid"], there["metadata"]["resourceVersion"])
    return EditView(ref, there["metadata"]["generation"], DEPLOYMENTS, there, "")


def answer_of(there: Json, **spec: Any) -> Typed:
    made = editable(there)
    return Typed({**made, "spec": {**there["spec"], **spec}}, "the text")


def changed(there: Json, **spec: Any) -> Json:
    now = copy.deepcopy(there)
    now["spec"] |= spec
    now["metadata"] |= {"resourceVersion": "99999", "generation": 5}
    return now


def test_anothers_change_is_merged_in_and_told() -> None:
    there = press()
    now = changed(there, paused=True)
    again = merged_with(view_of(there), answer_of(there, replicas=5), view_of(now))
    assert again.agreed
    assert again.why[0].startswith("Somebody changed deployment press while you edited it.")
    assert "-   paused: false" in again.why
    assert "+   paused: true" in again.why
    assert not any("Both of you" in line for line in again.why)
    merged = read_back(again.body, now)
    assert (merged["spec"]["replicas"], merged["spec"]["paused"]) == (5, True)
    assert merged["metadata"]["resourceVersion"] == "99999"


def test_where_both_changed_the_same_the_text_has_mine_and_says_so() -> None:
    there = press()
    again = merged_with(view_of(there), answer_of(there, replicas=5), view_of(changed(there, replicas=4)))
    assert again.why[-1] == "spec.replicas: yours 5, theirs 4, before 3"
    assert read_back(again.body, changed(there))["spec"]["replicas"] == 5


def with_password(there: Json, password: str) -> Json:
    made = copy.deepcopy(there)
    container = made["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "DB_PASSWORD", "value": password}]
    return made


async def test_a_secret_of_both_is_not_told_in_the_header_nor_in_the_plan_nor_in_the_record() -> None:
    there = with_password(press(), "hunter1")
    mine, theirs = with_password(there, "hunter2"), with_password(changed(there), "hunter3")
    again = merged_with(view_of(there), Typed(mine, ""), view_of(theirs))
    assert "both of you changed it (hidden)" in again.why[-1]
    assert "hunter" not in "".join(again.why)
    assert "hunter2" in again.body
    made = change(Connected("http://plant"), view_of(there), Typed(mine, ""))
    write = made.write("7")
    assert "hunter" not in json.dumps([made.diff, made.data, write.before, write.after])
    assert write.after == {"paths": ["spec.template.spec.containers"]}
    assert "hunter2" in json.dumps(write.body)


@pytest.mark.parametrize(
    ("before", "stored", "patch", "kept"),
    [
        ({"a": "1"}, {"a": "2"}, {}, {"a": "1"}),
        ({"a": "1"}, {}, {}, {"a": "1"}),
        ({}, {"a": "1"}, {}, {}),
        ({"a": "1"}, {"a": "2"}, {"annotations": {"a": "2"}}, {"a": "2"}),
        ({"a": "1"}, {}, {"annotations": {"a": None}}, {}),
        ({}, {"a": "2"}, {"annotations": {"a": "2"}}, {"a": "2"}),
        ({"a": "1", "b": "1"}, {"a": "2", "b": "2"}, {"annotations": {"a": "2"}}, {"a": "2", "b": "1"}),
        ({"a": "1"}, {}, {"annotations": None}, {}),
    ],
)
def test_annotations_that_are_not_edited_are_told_as_they_were(
    before: Json, stored: Json, patch: Json, kept: Json
) -> None:
    """Controllers write theirs all the time; a merge patch leaves those as they are."""
    was, now = press(), press()
    was["metadata"]["annotations"], now["metadata"]["annotations"] = before, stored
    made = _touched(now, was, {"metadata": patch})
    assert made["metadata"].get("annotations", {}) == kept
    assert made["spec"] == now["spec"]


async def test_the_patch_has_what_differs_and_the_version() -> None:
    there = press()
    made = change(Connected("http://plant"), view_of(there), answer_of(there, replicas=5))
    write = made.write("813")
    assert write.body == {"spec": {"replicas": 5}, "metadata": {"resourceVersion": "813"}}
    assert (write.method, write.content_type) == ("PATCH", "application/merge-patch+json")
    assert write.versioned
    assert (write.before, write.after) == (
        {"patch": {"spec": {"replicas": 3}}},
        {"patch": {"spec": {"replicas": 5}}},
    )


async def test_the_plan_shows_what_the_server_would_store() -> None:
    there = press()
    made = change(Connected("http://plant"), view_of(there), answer_of(there, replicas=5))
    assert made.rehearsed is not None
    stored = changed(there, replicas=5, minReadySeconds=7)
    stored["metadata"]["managedFields"] = [{"manager": "edgetui"}]
    told = made.rehearsed(stored)
    assert [line for line in told.diff if line[0] in "+-"] == [
        "-   replicas: 3",
        "+   replicas: 5",
        "+   minReadySeconds: 7",
    ]
    assert told.write("1").after == {"patch": {"spec": {"replicas": 5, "minReadySeconds": 7}}}
    assert told.write("1").body == made.write("1").body
    assert told.applied(stored)
    assert not told.applied(there)
    nothing = made.rehearsed(there)
    assert any("takes nothing of this edit" in line for line in nothing.warnings)


async def test_what_the_server_refuses_opens_the_text_again() -> None:
    there = press()
    view = view_of(there)
    made = change(Connected("http://plant"), view, answer_of(there, replicas=5))
    assert made.rejected is not None
    again = made.rejected(Invalid("The server says: no.", code=422))
    assert isinstance(again, EditView)
    assert (again.body, again.why, again.agreed) == ("the text", ("The server says: no.",), False)
    assert again.ref == view.ref


def test_what_is_too_long_is_recorded_by_its_places() -> None:
    assert recorded({"data": {"a": "x" * 40_000}}) == {"paths": ["data.a"]}
    assert recorded({"data": {"a": "x"}}) == {"patch": {"data": {"a": "x"}}}


def test_a_header_is_no_part_of_the_text() -> None:
    there = press()
    again = merged_with(view_of(there), answer_of(there, replicas=5), view_of(changed(there, replicas=4)))
    assert without_header(again.body) == again.body
