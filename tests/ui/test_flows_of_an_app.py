"""How an app begins its actions, tells their ends and asks for rights: nothing is drawn, all of it is noted."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.gate.permissions import Permissions
from edgetui.actions.messages import Cancelled
from edgetui.cluster.errors import EdgetuiError, Forbidden
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import FIRST_PAINT
from edgetui.ui import flows as module
from edgetui.ui.background.action import ActionJob
from edgetui.ui.background.job import BackgroundJob
from edgetui.ui.flows import LISTS_FIRST, REST, Flows, _with_rights, given_to, title_of
from tests.unit.model import factories as f

from .noting import Noting
from .test_dialogs import REF

OVEN = ObjectRef(ObjectKey("plant", "Deployment", "line-1", "oven"), "uid-2", "7")
ROUTE = ObjectRef(ObjectKey("van", "Deployment", "default", "route"), "uid-3", "8")


@pytest.fixture(autouse=True)
def rights() -> None:
    """Here stand-ins are asked for rights."""


class App(Noting):
    """Notes what it is asked; workers and timers wait until a test runs them."""

    def __init__(self, file: Path) -> None:
        self.store = f.store_of(f.deployment("press", "line-2"))
        super().__init__(
            [], options=SimpleNamespace(audit=file, read_only=False), now=lambda: 5.0, monotonic=lambda: 50.0,
            screen="the dashboard", workers=[], timers=[], fleet=SimpleNamespace(stores={"plant": self.store}),
            front=SimpleNamespace(target=REF), sessions={"plant": "a session"},
        )  # fmt: skip

    def run_worker(self, work: Any, **more: Any) -> None:
        self.__dict__["workers"].append((work, more))

    def set_timer(self, seconds: float, work: Any) -> None:
        self.__dict__["timers"].append((seconds, work))

    def key_of(self, name: str, default: str) -> str:
        return f"<{name}>"

    told = 0

    def tell_screens(self) -> None:
        self.told += 1


@pytest.fixture
async def app(tmp_path: Path) -> Any:
    return App(tmp_path / "audit.jsonl")


@pytest.fixture
async def flows(app: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    return Flows(app)


class Flow:
    """The steps of any action: notes what it is begun with, and ends as it is told."""

    def __init__(self) -> None:
        self.begun: list[Any] = []
        self.ends: list[Any] = []

    async def flow(self, job: Any, action: str, session: Any, ref: ObjectRef, given: Any = None) -> None:
        self.begun.append((job.action_id, ref.key.name, given))
        end = self.ends.pop(0) if self.ends else None
        if isinstance(end, Exception):
            raise end
        job.progress = end

    async def flow_of_several(self, job: Any, action: str, refs: Any, given: Any = None) -> None:
        self.begun.append((job.action_id, [ref.key.name for ref in refs], given))


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Flow:
    made = Flow()

    async def found(_: str) -> Flow:
        return made

    monkeypatch.setattr(module, "_flows", found)
    monkeypatch.setattr(Permissions, "explaining", lambda self, *given: nullcontext())
    return made


def well(went_well: bool = True) -> Any:
    return SimpleNamespace(went_well=went_well, ended=False, said="", title="")


async def run(app: Any) -> Any:
    """Run what is to be run; the worker's settings."""
    ((work, more),) = app.workers
    app.workers.clear()
    await work()
    return more


# -- beginning


async def test_an_action_on_one_object_is_a_job_until_its_flow_has_ended(
    app: Any, flows: Flows, steps: Flow
) -> None:
    flows.begin("scale", REF, typed="3")
    (job,) = flows.jobs
    assert (job.title, job.action_id, job.about) == (
        "Scale: deployment press in line-2 on plant", "scale", frozenset({REF.key})
    )  # fmt: skip
    assert await run(app) == {"group": "action", "exit_on_error": False, "name": "scale"}
    assert steps.begun == [("scale", "press", {ACTIONS["scale"].number: 3})]
    assert (list(flows.jobs), app.noted) == ([], [])
    assert app.told == 3, "as it begins, when its rights are known, and as it ends"


async def test_what_is_being_prepared_already_is_shown_instead(app: Any, flows: Flows) -> None:
    class Same(BackgroundJob):
        shown = 0
        action_id = "scale"
        about = frozenset({REF.key})

        def stands_for(self, action_id: str) -> bool:
            return True

        def attend(self) -> None:
            self.shown += 1

    same = Same("Scale", 0.0)
    flows.jobs.add(same)
    flows.begin("scale", REF)
    assert (same.shown, app.workers, list(flows.jobs)) == (1, [], [same])
    flows.begin("scale", OVEN)
    assert (same.shown, len(app.workers), len(flows.jobs)) == (1, 1, 2)


async def test_several_objects_are_one_job_where_the_action_takes_them_at_once(
    app: Any, flows: Flows, steps: Flow
) -> None:
    at_once = next(one.id for one in ACTIONS.values() if one.at_once)
    flows.begin(at_once, REF, OVEN)
    (job,) = flows.jobs
    assert job.about == {REF.key, OVEN.key}
    assert job.title == f"{ACTIONS[at_once].heading}: 2 objects"
    await run(app)
    assert steps.begun == [(at_once, ["press", "oven"], None)]


async def test_other_actions_take_one_object_after_the_other_while_all_goes_well(
    app: Any, flows: Flows, steps: Flow
) -> None:
    in_turn = next(one.id for one in ACTIONS.values() if not one.at_once)
    for ends, names, said in (
        ([well(), well(), well()], ["press", "oven", "route"], []),
        ([well(), well(False)], ["press", "oven"], ["Ended here: 1 marked object left as it was."]),
        ([well(False)], ["press"], ["Ended here: 2 marked objects left as they were."]),
        ([None], ["press"], ["Ended here: 2 marked objects left as they were."]),
        ([well(), well(), well(False)], ["press", "oven", "route"], []),
    ):
        app.noted.clear()
        app.sessions["van"] = "another"
        steps.begun.clear()
        steps.ends = [*ends]
        flows.begin(in_turn, REF, OVEN, ROUTE)
        (job,) = flows.jobs
        assert job.about == {REF.key}
        await run(app)
        assert [name for _, name, _ in steps.begun] == names
        assert [text for what, text in app.noted if what == "flash"] == said
        assert list(flows.jobs) == []


async def test_who_has_gone_elsewhere_stays_there_for_the_next_object(
    app: Any, flows: Flows, steps: Flow
) -> None:
    in_turn = next(one.id for one in ACTIONS.values() if not one.at_once)
    left: list[bool] = []

    async def flow(job: Any, action: str, session: Any, ref: ObjectRef, given: Any = None) -> None:
        left.append(job.left)
        job.left = True
        job.progress = well()

    steps.flow = flow  # type: ignore[method-assign]
    flows.begin(in_turn, REF, OVEN)
    await run(app)
    assert left == [False, True]


@pytest.mark.parametrize(
    ("end", "failed"),
    [
        (Cancelled("Cancelled: nothing was changed."), None),
        (Forbidden("No right.", "Ask."), "No right."),
        pytest.param(
            KeyError("token=abc"), "Something unexpected happened (KeyError)", marks=pytest.mark.defect
        ),
    ],
)
async def test_however_a_flow_ends_it_is_told_and_the_job_is_gone(
    end: Exception, failed: str | None, app: Any, flows: Flows, steps: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.ends = [end]
    told: list[Any] = []

    async def fail(self: Any, title: str, error: EdgetuiError, ref: ObjectRef) -> None:
        told.append((title, error.sentence, ref))

    monkeypatch.setattr(ActionJob, "fail", fail)
    monkeypatch.setattr(ActionJob, "holds_keys", property(lambda self: failed == "No right."))
    flows.begin("scale", REF)
    (job,) = flows.jobs
    await run(app)
    assert (list(flows.jobs), job.opening) == ([], False)  # type: ignore[attr-defined]
    if failed is None:
        assert app.noted == [("flash", "Cancelled: nothing was changed.")]
        return
    ((title, sentence, ref),) = told
    assert (title, sentence[: len(failed)], ref) == (
        "Scale: deployment press in line-2 on plant",
        failed,
        REF,
    )
    assert app.noted == ([("forget_keys",)] if failed == "No right." else [])
    assert "abc" not in sentence


async def test_what_an_action_left_running_is_in_the_list(app: Any, flows: Flows) -> None:
    work: Any = SimpleNamespace(title="Guard of press", ref=REF)
    flows.keep_running("guard", work, well())
    (job,) = flows.jobs
    assert job.title == "Guard of press on plant"
    assert app.noted == [("flash", "Guard of press on plant: <running> lists what runs.")]
    ((_, more),) = app.workers
    assert more == {"group": "background", "exit_on_error": False}


# -- the end of the screen


async def test_what_was_agreed_to_gets_some_time_to_put_things_right(
    flows: Flows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIDY_UP", 0.02)
    done: list[str] = []

    async def tidy(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        done.append(name)

    await flows.finish()
    assert not flows.tidies
    jobs = [flows.job("scale", ref) for ref in (REF, OVEN, ROUTE)]
    await flows.finish()
    assert not flows.tidies, "nothing was agreed to"
    for job, seconds in zip(jobs, (0.0, 5.0, 0.0), strict=True):
        job.task = asyncio.ensure_future(tidy(next(iter(job.about)).name, seconds))
    jobs[0].confirmed = jobs[1].confirmed = True
    assert flows.tidies
    await flows.finish()
    assert "press" in done
    assert "oven" not in done, "it took too long"
    jobs[1].task.cancel()
    jobs[0].task = None
    await flows.finish()


# -- keys


async def test_keys_are_held_left_and_reads_ended_by_what_the_jobs_say(app: Any, flows: Flows) -> None:
    flows.jobs.add(BackgroundJob("Another", 0.0))
    assert (flows.holds_keys, flows.cancel_read(None)) == (False, False)
    first, second = flows.job("scale", REF), flows.job("restart", OVEN)
    assert flows.holds_keys
    second.opening = False
    flows.key_typed()
    assert (first.left, second.left, flows.holds_keys) == (True, False, False)
    ended: list[str] = []
    first.cancel = lambda: ended.append("first")  # type: ignore[method-assign]
    second.cancel = lambda: ended.append("second")  # type: ignore[method-assign]
    assert flows.cancel_read(None)
    assert ended == ["first"], "the other one reads nothing"
    second.opening = True
    assert flows.cancel_read(app.screen)
    assert ended == ["first", "second"], "the newest first"
    second.waits = "waits for you"
    assert flows.cancel_read(app.screen)
    assert ended[-1] == "first"
    first.place = "another screen"  # type: ignore[assignment]
    assert not flows.cancel_read(app.screen)
    assert flows.cancel_read("another screen")  # type: ignore[arg-type]


# -- rights


async def test_rights_are_asked_for_what_has_some_once_the_cursor_rests(app: Any, flows: Flows) -> None:
    assert {one.id for one in _with_rights(REF.key)} == {
        one.id for one in ACTIONS.values() if "Deployment" in one.needs
    }
    flows.look_up_rights(REF.key)
    ((seconds, asks),) = app.timers
    assert seconds == REST
    asks()
    ((_, more),) = app.workers
    assert more == {"group": "rights", "exclusive": True, "exit_on_error": False}


@pytest.mark.parametrize("front", [None, OVEN])
async def test_no_rights_are_asked_for_what_is_no_longer_under_the_cursor(
    front: ObjectRef | None, app: Any, flows: Flows
) -> None:
    app.front.target = front
    flows._ask_rights(REF.key)
    assert (app.workers, app.timers) == ([], [])


@pytest.mark.parametrize("sync", [Sync.NEVER, Sync.SYNCING])
async def test_first_lists_come_before_rights_for_a_while(sync: Sync, app: Any, flows: Flows) -> None:
    app.store.set_freshness(FIRST_PAINT[0], Freshness(sync))
    flows._ask_rights(REF.key)
    waited = 0.0
    while app.timers:
        assert app.workers == []
        ((seconds, again),) = app.timers
        app.timers.clear()
        waited += seconds
        again()
    assert LISTS_FIRST <= waited < LISTS_FIRST + 2 * REST
    assert len(app.workers) == 1


async def test_rights_that_are_known_are_not_asked_for_and_what_is_missing_is_said(
    app: Any, flows: Flows, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = SimpleNamespace(known=True, ok=False, words="patch deployments/scale")
    monkeypatch.setattr(Permissions, "known", lambda *given: known)
    flows.look_up_rights(REF.key)
    assert app.timers == []
    assert flows.missing("scale", REF.key) == "may not patch deployments/scale"
    known.ok = True
    assert flows.missing("scale", REF.key) == ""


async def test_why_rights_could_not_be_read_is_said(
    app: Any, flows: Flows, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    async def foresee(self: Any, session: Any, actions: Any, key: ObjectKey) -> None:
        asked.append((session, [one.id for one in actions], key))
        if len(asked) > 1:
            raise Forbidden("No right.", "Ask.")

    monkeypatch.setattr(Permissions, "foresee", foresee)
    await flows._fetch_rights(REF.key)
    assert (asked, app.noted) == (
        [("a session", [one.id for one in _with_rights(REF.key)], REF.key)], []
    )  # fmt: skip
    assert app.told == 1
    await flows._fetch_rights(REF.key)
    assert app.noted == [("flash", str(Forbidden("No right.", "Ask.")))]
    assert app.told == 2


# -- words


def test_what_is_typed_with_a_command_is_the_answer_to_its_first_question() -> None:
    for action in ACTIONS.values():
        assert given_to(action.id, "") == {}
        if action.number:
            assert given_to(action.id, "3") == {"given": {action.number: 3}}
        elif action.text:
            assert given_to(action.id, "x y") == {"given": {action.text: "x y"}}


def test_an_action_is_called_by_what_it_is_done_to() -> None:
    on_cluster = next(one for one in ACTIONS.values() if one.on_cluster)
    assert title_of(on_cluster.id, [REF, OVEN]) == f"{on_cluster.heading} on plant"
    assert title_of("scale", [REF]) == "Scale: deployment press in line-2 on plant"
    assert title_of("scale", [REF, OVEN]) == "Scale: 2 objects"


async def test_the_steps_of_an_action_are_loaded_by_where_it_is_done() -> None:
    for action in ACTIONS.values():
        found = await module._flows(action.id)
        assert found.__name__ == f"edgetui.ui.{'terminal' if action.on_terminal else 'action'}_flow"
