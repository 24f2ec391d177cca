"""Guards on a real control plane: what they roll back, what they leave alone, and a kill in the middle of a write.

All releases run side by side, because most of their time is waiting; each test looks at what came of one of them.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.change.long_running import Ended
from edgetui.cluster.link.meter import LinkWatch
from edgetui.cluster.session import ClusterSession
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.kinds.pod import PodRow
from edgetui.model.rollout.guard import Phase
from tests.terminal.ptyapp import PtyApp

from . import workloads as w
from .acting import until, watched
from .changing import loose_pod
from .cluster import ControlPlane
from .guarding import BRIEFLY, TERMS, Process, Trial, records
from .proxy import FaultProxy
from .test_rollback import GOOD, get, image

KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Node")
CROWD, NOTE = 30, 8000
"""Pods of others, and the characters of a note of each, which no compression makes smaller than half."""
BLIND_LOOKS = 7
"""Looks, one a second, while the link is down: more than the patience of the guard."""


class Site:
    """The control plane with one namespace, and a directory."""

    def __init__(self, cluster: ControlPlane, namespace: str, directory: Path) -> None:
        self.cluster, self.namespace, self.directory = cluster, namespace, directory

    async def begin(self, session: ClusterSession, made: dict[str, Any], **more: Any) -> Trial:
        """Create a workload, wait until it is complete, and guard it."""
        await self.create(session, made)
        kind, name = made["kind"], made["metadata"]["name"]
        return await Trial.begin(session, kind, self.namespace, name, self.directory / name, **more)

    async def create(self, session: ClusterSession, made: dict[str, Any]) -> None:
        """Create a workload, and wait until it is complete."""
        kind, name = made["kind"], made["metadata"]["name"]
        await asyncio.to_thread(self.cluster.create, self.namespace, made)

        def complete() -> bool:
            row: Any = session.store.get(kind, self.namespace, name)
            return row is not None and row.observed == row.generation and row.available == row.replicas > 0

        await until(complete, within=BRIEFLY, what=f"{name} complete")

    async def release(self, kind: str, name: str, word: str) -> None:
        """Set the image; its word says what becomes of the pods."""
        to = f"app={w.REGISTRY}/{word}:2.0"
        await asyncio.to_thread(
            self.cluster.kubectl, "set", "image", f"{kind.lower()}/{name}", to, "-n", self.namespace
        )

    async def there(self, kind: str, name: str) -> dict[str, Any]:
        """The object as the server has it."""
        return await asyncio.to_thread(get, self.cluster, self.namespace, kind, name)


async def rolled_back(
    site: Site, session: ClusterSession, made: dict[str, Any], word: str
) -> tuple[Trial, Ended, str]:
    """Guard, release something bad, and wait for the end."""
    kind, name = made["kind"], made["metadata"]["name"]
    trial = await site.begin(session, made)
    await site.release(kind, name, word)
    ending = await trial.end()
    return trial, ending, image(await site.there(kind, name))


async def timing_out(site: Site, session: ClusterSession) -> Trial:
    trial = await site.begin(session, w.deployment("timeout", replicas=1))
    await site.release("Deployment", "timeout", "timeout")
    await until(lambda: trial.guard.state.still > 3 * TERMS.patience, within=BRIEFLY, what="looked for long")
    await trial.stop()
    return trial


async def slow(site: Site, session: ClusterSession) -> tuple[Trial, Ended]:
    made = w.deployment("slow", replicas=1, spec={"progressDeadlineSeconds": 3})
    trial = await site.begin(session, made)
    await site.release("Deployment", "slow", "slow")
    return trial, await trial.end()


async def twice(site: Site, session: ClusterSession) -> tuple[Trial, Trial]:
    """The same bad template again, under the same guard and under one that was started anew."""
    trial = await site.begin(session, w.deployment("twice"), keep=True)
    await site.release("Deployment", "twice", "bad")
    await until(
        lambda: trial.guard.state.spent and not trial.guard.state.evidence, within=BRIEFLY, what="back"
    )
    await site.release("Deployment", "twice", "bad")
    await trial.reach(Phase.SPENT, looks=BLIND_LOOKS)
    await trial.stop()
    again = await Trial.begin(session, "Deployment", site.namespace, "twice", trial.file, keep=True)
    await again.reach(Phase.SPENT, looks=BLIND_LOOKS)
    await again.stop()
    return trial, again


async def link_down(site: Site) -> tuple[Trial, Ended, int]:
    """The link is cut while the count runs; how many writes there were when it came back."""
    with FaultProxy.in_front_of(site.cluster) as proxy:
        async with watched(site.cluster.kubeconfig(server=proxy.url), *KINDS) as session:
            trial = await site.begin(session, w.deployment("cut"))
            await site.release("Deployment", "cut", "bad")
            await until(lambda: trial.guard.state.bad >= 2.0, within=BRIEFLY, what="suspicion")
            proxy.cut()
            await trial.reach(Phase.BLIND, looks=BLIND_LOOKS)
            before = len(trial.writes)
            proxy.restore()
            return trial, await trial.end(), before


async def silent_link(site: Site) -> tuple[Trial, Ended, str]:
    """Nothing tells that the link is dead, and behind it somebody mends the release."""
    with FaultProxy.in_front_of(site.cluster) as proxy:
        async with watched(site.cluster.kubeconfig(server=proxy.url), *KINDS) as session:
            trial = await site.begin(session, w.deployment("mended"))
            await site.release("Deployment", "mended", "bad")
            await until(lambda: trial.guard.state.evidence, within=BRIEFLY, what="suspicion")
            proxy.stall()
            await site.release("Deployment", "mended", "fine")
            await trial.reach(Phase.FIRE, looks=2)
            proxy.restore()
            return trial, await trial.end(), image(await site.there("Deployment", "mended"))


async def killed(site: Site, name: str, arrives: bool) -> tuple[Process, bool]:
    """Kill the command between its intent and the answer, start it again; was it written?

    The link is slow from the countdown on, so that there is time for that: the write is on its way, or its answer is.
    """
    await asyncio.to_thread(site.cluster.create, site.namespace, w.deployment(name))
    with FaultProxy.in_front_of(site.cluster) as proxy:
        options = ["--kubeconfig", site.cluster.kubeconfig(server=proxy.url), "-n", site.namespace]
        command = [f"deploy/{name}", *options, "--for", "4s", "--once"]
        first = Process(site.directory / f"home-{name}", *command)
        await first.says("has begun.")
        await site.release("Deployment", name, "bad")
        await first.says("rolls back in")
        proxy.delay = 0.4
        before = (await site.there("Deployment", name))["metadata"]["generation"]
        await first.recorded("intent")
        if arrives:
            while (await site.there("Deployment", name))["metadata"]["generation"] == before:
                await asyncio.sleep(0.02)
        else:
            proxy.cut()
        await first.kill()
        proxy.delay = 0.0
        proxy.restore()
        generation = (await site.there("Deployment", name))["metadata"]["generation"]
        second = Process(site.directory / f"home-{name}", *command)
        await second.says("has begun.")
        if generation == before:
            await second.says("this template was rolled back from once")
            second.send(signal.SIGTERM)
        assert await second.code() == 0
        assert (await site.there("Deployment", name))["metadata"]["generation"] == generation
        assert generation - before in (0, 1)
        return second, generation > before


async def hung_up(site: Site) -> tuple[int | None, str]:
    """The terminal of the command goes away while it counts down, as with a dropped SSH connection."""
    await asyncio.to_thread(site.cluster.create, site.namespace, w.deployment("hung-up"))
    options = ["--kubeconfig", str(site.cluster.kubeconfig()), "-n", site.namespace, "--for", "4s", "--yes"]
    command = [sys.executable, "-m", "edgetui", "guard", "deploy/hung-up", *options]
    home = str(site.directory / "home-hung-up")
    with PtyApp(command, env={"HOME": home, "XDG_STATE_HOME": home}) as terminal:
        await asyncio.to_thread(terminal.wait_for, "has begun.", timeout=BRIEFLY)
        await site.release("Deployment", "hung-up", "bad")
        await asyncio.to_thread(terminal.wait_for, "rolls back in", timeout=BRIEFLY)
        terminal.hang_up()
        audit = Path(home) / "edgetui" / "audit.jsonl"
        await until(lambda: '"event":"outcome"' in audit.read_text(), within=BRIEFLY, what="rolled back")
        terminal.kill(signal.SIGTERM)
        await until(lambda: terminal.poll() is not None, within=BRIEFLY, what="its end")
        return terminal.status, image(await site.there("Deployment", "hung-up"))


async def on_a_thin_wire(site: Site) -> tuple[Trial, Ended, str]:
    """Where pods come as the server prints them, without an owner and what is wrong with them."""
    link_watch = LinkWatch(Wire.THIN)
    async with watched(site.cluster.kubeconfig(), *KINDS, link_watch=link_watch) as session:
        found = await rolled_back(site, session, w.statefulset("thin", replicas=2), "bad")
        pods = [pod for pod in session.store.rows("Pod") if pod.namespace == site.namespace]
        assert pods
        assert all(isinstance(pod, PodRow) and pod.summary_only for pod in pods)
        return found


async def side_by_side(site: Site) -> dict[str, Any]:
    """Everything at once; what came of each by its name."""
    async with watched(site.cluster.kubeconfig(), *KINDS) as session:
        runs: dict[str, Awaitable[Any]] = {
            "bad": rolled_back(site, session, w.deployment("bad"), "bad"),
            "flap": rolled_back(site, session, w.deployment("flap", replicas=1), "flap"),
            "ordered": rolled_back(site, session, w.statefulset("ordered", replicas=2), "bad"),
            "agent": rolled_back(site, session, w.daemonset("agent", GOOD), "bad"),
            "timeout": timing_out(site, session),
            "slow": slow(site, session),
            "twice": twice(site, session),
            "link down": link_down(site),
            "silent link": silent_link(site),
            "lost": killed(site, "lost", arrives=False),
            "kept": killed(site, "kept", arrives=True),
            "hung up": hung_up(site),
            "thin": on_a_thin_wire(site),
        }
        found = await asyncio.gather(*runs.values(), return_exceptions=True)
        return dict(zip(runs, found, strict=True))


@pytest.fixture(scope="module")
def came_of(
    cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Any]]:
    """What came of one of the runs; an exception of it is raised."""
    with cluster.namespace("guard") as namespace:
        found = asyncio.run(side_by_side(Site(cluster, namespace, tmp_path_factory.mktemp("guard"))))

        def one(name: str) -> Any:
            if isinstance(found[name], BaseException):
                raise found[name]
            return found[name]

        yield one


@pytest.mark.parametrize(
    ("name", "evidence"),
    [
        ("bad", "image registry.local/bad:2.0 not found"),
        ("flap", "crashes: exit 1"),
        ("agent", "image registry.local/bad:2.0 not found"),
        ("ordered", "image registry.local/bad:2.0 not found"),
        ("thin", "image registry.local/bad:2.0 not found"),
    ],
)
def test_a_bad_release_is_rolled_back_once_with_its_evidence(
    came_of: Callable[[str], Any], name: str, evidence: str
) -> None:
    trial, ending, now = came_of(name)
    assert ending.receipt is not None
    assert now == GOOD
    (write,) = trial.writes
    assert write["action"] == "rollback"
    assert evidence in write["guard"]["evidence"][0]
    assert write["guard"]["seconds"] >= TERMS.patience
    assert Phase.SUSPECT in trial.phases
    assert all(s.bad < TERMS.patience for s in trial.states if s.phase is Phase.SUSPECT and not s.not_before)


def test_a_crash_after_complete_is_noticed(came_of: Callable[[str], Any]) -> None:
    trial, ending, _ = came_of("flap")
    assert ending.receipt.ok
    assert any(
        state.complete for state in trial.states if state.template == trial.writes[0]["guard"]["template"]
    )
    assert not trial.failed


@pytest.mark.parametrize("name", ["ordered", "thin"])
def test_the_pod_that_holds_an_ordered_set_up_is_named(came_of: Callable[[str], Any], name: str) -> None:
    _, ending, _ = came_of(name)
    assert ending.receipt.data["stuck_pod"] == f"{name}-1"


def test_a_pull_that_times_out_is_left_alone(came_of: Callable[[str], Any]) -> None:
    trial = came_of("timeout")
    assert trial.writes == []
    assert {state.evidence for state in trial.states} == {()}


def test_a_slow_release_is_left_alone_though_its_deadline_passes(came_of: Callable[[str], Any]) -> None:
    trial, ending = came_of("slow")
    assert trial.failed, "the deadline did not pass"
    assert ending.good
    assert trial.writes == []


def test_a_template_is_rolled_back_from_once(came_of: Callable[[str], Any]) -> None:
    first, again = came_of("twice")
    assert len(first.writes) == 1
    assert again.phases[-1] is Phase.SPENT


def test_nothing_is_done_while_the_link_is_down_nor_until_it_has_looked_again(
    came_of: Callable[[str], Any],
) -> None:
    trial, ending, before = came_of("link down")
    assert before == 0
    assert ending.receipt.ok
    blind = max(at for at, state in enumerate(trial.states) if state.phase is Phase.BLIND)
    fire = next(state for state in trial.states if state.phase is Phase.FIRE)
    assert trial.states.index(fire) > blind
    assert fire.steady >= TERMS.patience


def test_rows_that_are_old_without_anybody_knowing_are_not_acted_on(came_of: Callable[[str], Any]) -> None:
    trial, ending, now = came_of("silent link")
    assert Phase.FIRE in trial.phases
    assert now == f"{w.REGISTRY}/fine:2.0"
    assert trial.writes == []
    assert ending.good


def test_the_command_goes_on_when_its_terminal_is_gone(came_of: Callable[[str], Any]) -> None:
    assert came_of("hung up") == (0, GOOD)


@pytest.mark.parametrize("name", ["lost", "kept"])
def test_after_a_kill_in_its_write_the_record_says_whether_it_was_written(
    came_of: Callable[[str], Any], name: str
) -> None:
    process, written = came_of(name)
    told = records(process.audit)
    (intent,) = [one for one in told if one["event"] == "intent"]
    # A process that sees its link break before the signal reaches it has recorded that it does not know.
    answered = [one["result"] for one in told if one["event"] == "result" and one["result"] != "unknown"]
    found = [one["result"] for one in told if one["event"] == "found" and one["run"] == intent["run"]]
    assert (answered or found) == (["done" if answered else "arrived"] if written else ["not arrived"])


async def test_it_is_sent_its_own_pods_and_no_others(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    """A guard as the command has it, beside a watch of all pods: what each costs while others' pods come and change."""
    site = Site(cluster, namespace, tmp_path)
    crowd = [f"/api/v1/namespaces/default/pods/crowd-{number}" for number in range(CROWD)]

    def come_and_change() -> None:
        for path in crowd:
            folder, _, name = path.rpartition("/")
            cluster.api.create(folder, loose_pod(name, random.randbytes(NOTE // 2).hex()))
            cluster.api.patch(
                path, {"metadata": {"annotations": {"note": random.randbytes(NOTE // 2).hex()}}}
            )

    async with (
        watched(cluster.kubeconfig(), "Deployment", "Pod") as wide,
        watched(cluster.kubeconfig(), "Node") as narrow,
    ):
        await site.create(wide, w.deployment("alone", replicas=2))
        trial = await Trial.begin(narrow, "Deployment", namespace, "alone", tmp_path / "narrow")
        await trial.reach(Phase.WATCHING)
        before = [wide.transport.counters.bytes_in, narrow.transport.counters.bytes_in]
        await asyncio.to_thread(come_and_change)
        await until(
            lambda: wide.store.get("Pod", "default", f"crowd-{CROWD - 1}"), within=BRIEFLY, what="the crowd"
        )
        await site.release("Deployment", "alone", "bad")
        await until(lambda: trial.guard.state.evidence, within=BRIEFLY, what="suspicion")
        wide_cost, narrow_cost = (
            session.transport.counters.bytes_in - then
            for session, then in zip((wide, narrow), before, strict=True)
        )
        await trial.stop()
        for path in crowd:
            cluster.api.request("DELETE", path, {"gracePeriodSeconds": 0})
    assert wide_cost > CROWD * NOTE / 2, "the crowd was seen by the wide one"
    assert narrow_cost < CROWD * NOTE / 4
