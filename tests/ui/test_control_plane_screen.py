"""`:control-plane`, and `p` in the list of clusters: what is told, what may not be read, and when nothing is asked."""

from __future__ import annotations

import pytest

from edgetui.ui.screens.control_plane import AGAIN
from tests.unit.actions.scripted import DROP, Answer, Request
from tests.unit.model import factories as f
from tests.unit.model.test_control_plane import READY, counted, etcd_node, identity, leader, member

from .hosts import Hosts, shown
from .test_unplug import typed


class Plant(Hosts):
    """Three K3s servers with etcd of which edge-3 is silent; two API servers."""

    def __init__(
        self, *, version: str = "v1.37.2+k3s1", roles: tuple[str, ...] = ("control-plane", "etcd")
    ) -> None:
        super().__init__(
            f.node("edge-1", roles=roles, version=version),
            f.node("edge-2", roles=roles, version=version),
            f.node("edge-3", roles=roles, version=version, ready="Unknown"),
        )
        self.store.set_version(version)
        self.readyz: Answer = (200, b"[+]ping ok\n[+]etcd ok\nreadyz check passed\n")
        self.gone = False
        self.etcd = [etcd_node(f"edge-{at}") for at in (1, 2, 3)] if "etcd" in roles else []
        self.members = [member("c0"), member("c1"), member("c2")] if "k0s" in version else None

    def answer(self, request: Request) -> Answer:
        """What the server says."""
        if self.gone:
            return DROP, None
        where, _, last = request.path.rpartition("/")
        if {last, where.rpartition("/")[2]} & self.hidden:
            return super().answer(request)
        found = self._found(request, last)
        if found is None:
            return super().answer(request)
        self.asked.append(request)
        return found

    def _found(self, request: Request, last: str) -> Answer | None:
        if last == "readyz":
            return self.readyz
        if request.path.endswith("kube-system/leases"):
            made = [identity("edge-1", 3), identity("edge-2", 5), identity("edge-3", 700)]
            made += [
                leader("kube-scheduler", "edge-1", 1, 3),
                leader("kube-controller-manager", "edge-2", 1),
            ]
            return 200, {"items": made}
        if last == "nodes":
            return 200, {"items": self.etcd if request.query["labelSelector"].endswith("/etcd") else []}
        if last == "endpointslices":
            made = f.endpoint_slice("kubernetes", "default", ready=2)
            return 200, {"items": [made]}
        if last == "poddisruptionbudgets":
            return 200, {"items": [counted("fine", 1, 3, 2, 3), counted("press", 0, 2, 2, 2)]}
        if last == "etcdmembers" and self.members is not None:
            return 200, {"items": self.members}
        return None


async def test_what_is_down_comes_first_and_every_part_is_told() -> None:
    hosts = Plant()
    async with shown(hosts) as screen:
        assert not hosts.asked
        await typed(screen, "control-plane")
        await screen.wait_for(lambda: "disruption budgets" in screen.text(), "the answer")
        lines = [one.strip() for one in screen.text().splitlines()]
    for wanted in (
        "! Voter edge-3 is down: its node is not Ready.",
        "! One more loss of a voter stops writes.",
        "! API server edge-3 was last heard 11m ago: it is down, or gone.",
        "readyz      all 2 checks pass  of the API server that answers",
        "leaders     kube-scheduler           edge-1  for 2h, 3 changes of leader",
        "kube-controller-manager  edge-2  for 2h, 1 change of leader",
        "disruption budgets 2   those that hold up a drain first",
        "! line-1/press  0 allowed: needs all of its 2 pods, so no drain can move one",
        "line-1/fine  1 allowed: 3 of 3 pods healthy, 2 needed",
    ):
        assert wanted in lines, (wanted, lines)
    assert lines.index("! Voter edge-3 is down: its node is not Ready.") < lines.index(
        "! line-1/press  0 allowed: needs all of its 2 pods, so no drain can move one"
    )
    assert {one.method for one in hosts.asked} == {"GET"}


async def test_it_is_asked_again_while_it_is_open_and_not_after() -> None:
    hosts = Plant()
    async with shown(hosts) as screen:
        await typed(screen, "ha")
        await screen.wait_for(lambda: "disruption budgets" in screen.text(), "the answer")
        once = len(hosts.asked)
        screen.app.front.tick()
        await screen.pilot.pause()
        assert len(hosts.asked) == once
        screen.clock.advance(AGAIN)
        screen.app.front.tick()
        await screen.wait_for(lambda: len(hosts.asked) == 2 * once, "the second look")
        await screen.press("escape")
        screen.clock.advance(10 * AGAIN)
        screen.app.front.tick()
        await screen.pilot.pause()
        assert len(hosts.asked) == 2 * once


async def test_a_failing_check_is_named_from_an_answer_of_500() -> None:
    hosts = Plant()
    hosts.readyz = (500, READY.encode())
    async with shown(hosts) as screen:
        await typed(screen, "control-plane")
        await screen.wait_for(lambda: "disruption budgets" in screen.text(), "the answer")
        assert "! The API server that answers is not ready: etcd fails." in screen.text()
        assert "1 of 5 checks fails" in screen.line("readyz")


@pytest.mark.parametrize(
    ("hidden", "label", "right"),
    [
        ("leases", "API servers", "needs list on leases in kube-system"),
        ("leases", "leaders", "needs list on leases in kube-system"),
        ("endpointslices", "addresses", "needs list on endpointslices in default"),
        ("readyz", "readyz", "needs get on /readyz"),
        ("nodes", "datastore", "needs list on nodes"),
        ("poddisruptionbudgets", "budgets", "needs list on poddisruptionbudgets"),
    ],
)
async def test_each_line_without_its_right_says_which_one_and_the_others_stay(
    hidden: str, label: str, right: str
) -> None:
    hosts = Plant()
    hosts.hidden = {hidden}
    async with shown(hosts) as screen:
        await typed(screen, "control-plane")
        await screen.wait_for(lambda: "datastore" in screen.text(), "the answer")
        assert screen.line(f"{label:<12}").strip() == f"{label:<12}not known: {right}"
        assert screen.text().count("not known") == (2 if hidden == "leases" else 1)


async def test_the_controllers_of_k0s_are_told_by_their_own_leases() -> None:
    hosts = Plant(version="v1.37.2+k0s.0", roles=())
    hosts.leases = {"k0s-ctrl-c0": f.NOW - 2, "k0s-ctrl-c1": f.NOW - 90, "k0s-ctrl-c2": f.NOW - 1}
    async with shown(hosts) as screen:
        await typed(screen, "control-plane")
        await screen.wait_for(lambda: "disruption budgets" in screen.text(), "the answer")
        assert "! Voter c1 is down: its controller does not renew its Lease." in screen.text()
        assert "2 of 3 voters up, 2 needed: one more loss stops writes" in " ".join(screen.text().split())


async def test_the_list_of_clusters_leads_to_it() -> None:
    async with shown(Plant()) as screen:
        await screen.press("c", "p")
        await screen.wait_for(lambda: "disruption budgets" in screen.text(), "the answer")
        assert "control plane   plant  v1.37.2+k3s1" in screen.text()
        await screen.press("escape")
        assert "clusters 1" in screen.text()


async def test_the_list_of_clusters_says_the_worst_of_what_was_seen_and_asks_nothing_for_it() -> None:
    hosts = Plant()
    async with shown(hosts) as screen:
        await screen.press("c")
        await screen.wait_for(lambda: "clusters 1" in screen.text(), "the list of clusters")
        assert "Voter" not in screen.text()
        assert not hosts.asked
        await screen.press("p")
        await screen.wait_for(lambda: "disruption budgets" in screen.text(), "the answer")
        await screen.press("escape")
        await screen.wait_for(lambda: "clusters 1" in screen.text(), "the list of clusters")
        asked = len(hosts.asked)
        await screen.wait_for(lambda: "Voter edge-3 is down" in screen.text(), "what was found")
        said = " ".join(screen.text().split())
        assert "Voter edge-3 is down: its node is not Ready. control plane 0s ago, 3 more" in said
        assert len(hosts.asked) == asked


async def test_a_cluster_that_is_not_there_is_told_and_nothing_is_asked() -> None:
    hosts = Plant()
    async with shown(hosts) as screen:
        await typed(screen, "control-plane mars")
        await screen.wait_for(lambda: "No cluster mars" in screen.text(), "the sentence")
        assert not hosts.asked


async def test_what_was_seen_stays_with_its_age_while_nobody_answers() -> None:
    hosts = Plant()
    async with shown(hosts) as screen:
        await typed(screen, "control-plane")
        await screen.wait_for(lambda: "disruption budgets" in screen.text(), "the answer")
        hosts.gone = True
        screen.clock.advance(AGAIN)
        screen.app.front.tick()
        await screen.wait_for(lambda: "10s old" in screen.text() and "closed" in screen.text(), "the failure")
        assert "line-1/press  0 allowed" in screen.text()
