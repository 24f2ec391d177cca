"""The severity, the state and the reason of every pane's rows, over grids of what they are judged by.

`pytest tests/unit/model/test_every_state.py --snapshot-update` takes what is judged now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import GATES, SUMMARY_ONLY, PodProblem, PodRow
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.panes import PANES
from edgetui.model.panes.base import SEVERITY_WORDS
from edgetui.model.panes.nodes import node_state
from edgetui.model.panes.services import Endpoints, service_state
from edgetui.model.traffic.holders import Holder
from tests.unit.model import factories as f
from tests.unit.model.test_cronjob import cron_job
from tests.unit.model.test_job import COMPLETE, FAILED, job

NOW = float(f.NOW)
Case = tuple[str, Store, str, Row]


def told(pane: str, cases: Iterable[Case]) -> str:
    """A line for each case: the words before the colon are the case."""
    lines = []
    for label, store, kind, row in cases:
        made = PANES[pane].build(store, kind, row, NOW)
        state = PANES[pane].value(made, "state").words
        why = next(
            PANES[pane].value(made, id) for id in ("why", "reason", "version") if id in PANES[pane].index
        )
        lines.append(f"{label}: {SEVERITY_WORDS[made.severity]} {made.sign!r} {state} | {why}")
    return "\n".join(lines)


NODES = {
    "no node": f.store_of(),
    "ready": f.store_of(f.node("edge-1")),
    "silent": f.store_of(f.node("edge-1", ready="Unknown")),
    "not ready": f.store_of(f.node("edge-1", ready="False")),
}
PROBLEMS = {
    "nothing": None,
    "image": PodProblem(reason="ErrImagePull", message="not found", image="press:1"),
    "gated": PodProblem(reason="SchedulingGated"),
    "gate": PodProblem(reason=GATES, message="x"),
    "crash": PodProblem(reason="CrashLoopBackOff", exit_code=1),
    "no room": PodProblem(reason="Unschedulable"),
}
POD = PodRow(
    namespace="d",
    name="press",
    uid="u",
    resource_version="1",
    created=f.NOW - 5000,
    node="edge-1",
    phase="Running",
    status="Running",
    ready=1,
    containers=1,
    condition="True",
)


def since(seconds: int) -> dict[str, int]:
    """The Ready condition of POD as of so many seconds ago."""
    return {"ready_after": 5000 - seconds}


def pods() -> Iterator[Case]:
    for problem, condition, phase, age in product(
        PROBLEMS, ("True", "False", ""), ("Pending", "Running", "Failed", "Succeeded"), (120, 121)
    ):
        row = replace(POD, problem=PROBLEMS[problem], condition=condition, phase=phase, **since(age))
        yield f"{problem} {condition or 'none'} {phase} {age}", NODES["ready"], "Pod", row
    for node, condition, age in product(NODES, ("True", "False", "Unknown"), (120, 121)):
        yield f"{node} {condition} {age}", NODES[node], "Pod", replace(POD, condition=condition, **since(age))
    for node, left, condition, phase in product(
        NODES, (20, 0, -120, -121), ("True", "False"), ("Running", "Failed")
    ):
        row = replace(POD, deleting=f.NOW + left, condition=condition, phase=phase)
        yield f"{node} ends in {left} {condition} {phase}", NODES[node], "Pod", row
    for restarts, ago in product((0, 1), (599, 600, 601, None)):
        problem_ = PodProblem(restarted=f.NOW - ago) if ago else None
        yield (
            f"{restarts} restarts {ago}",
            NODES["ready"],
            "Pod",
            replace(POD, restarts=restarts, problem=problem_),
        )
    for owner, phase, problem in product(("ReplicaSet", "Job", ""), ("Failed", "Running"), PROBLEMS):
        row = replace(
            POD, owner_kind=owner, phase=phase, problem=PROBLEMS[problem], condition="False", status="Error"
        )
        yield f"of {owner or 'nobody'} {phase} {problem}", NODES["ready"], "Pod", row


def printed_pods() -> Iterator[Case]:
    def row(
        status: str, ready: int = 1, of: int = 1, restarts: int = 0, last: int = 0, age: int = 5000
    ) -> PodRow:
        return replace(
            POD,
            condition=SUMMARY_ONLY,
            phase="",
            status=status,
            ready=ready,
            containers=of,
            restarts=restarts,
            created=f.NOW - age if age else 0,
            problem=PodProblem(restarted=last) if last else None,
        )

    statuses = (
        "Running", "Pending", "ContainerCreating", "PodInitializing", "SchedulingGated", "NotReady", "Terminating",
        "Unknown", "", "Init:0/1", "Init:Error", "Error", "CrashLoopBackOff", "initialising",
    )  # fmt: skip
    for status, node, ready in product(statuses, NODES, (0, 1)):
        yield f"{status or 'none'} {node} {ready}/1", NODES[node], "Pod", row(status, ready)
    for status, age in product(("Running", "Pending"), (0, 1, 119, 120, 121)):
        yield f"{status} 1/2 since {age}", NODES["ready"], "Pod", row(status, 1, 2, age=age)
    for restarts, ago in product((0, 2), (0, 599, 600, 601)):
        made = row("Running", restarts=restarts, last=f.NOW - ago if ago else 0)
        yield f"{restarts} restarts {ago}", NODES["ready"], "Pod", made
    yield "on no node", NODES["ready"], "Pod", replace(row("Running"), node="")


def test_pods(snapshot: SnapshotAssertion) -> None:
    assert told("pods", pods()) == snapshot


def test_printed_pods(snapshot: SnapshotAssertion) -> None:
    assert told("pods", printed_pods()) == snapshot


def test_nodes(snapshot: SnapshotAssertion) -> None:
    lines = []
    for ready, age, cordoned, pressures in product(
        ("True", "False", "Unknown", ""),
        (119, 120),
        (False, True),
        ((), ("PIDPressure",), ("MemoryPressure", "DiskPressure", "NetworkUnavailable")),
    ):
        row = NodeRow(
            namespace="",
            name="edge-1",
            uid="u",
            resource_version="1",
            created=f.NOW - age,
            ready=ready,
            cordoned=cordoned,
            pressures=pressures,
        )
        severity, words = node_state(row, NOW)
        lines.append(
            f"{ready or 'none'} {age} {'cordoned' if cordoned else ''} {len(pressures)}: "
            f"{SEVERITY_WORDS[severity]} {words}"
        )
    assert "\n".join(lines) == snapshot


def jobs() -> Iterator[Case]:
    about_to = f.cond("FailureTarget", "True", "BackoffLimitExceeded", "too many")
    for label, conditions, more in (
        ("runs", [], {}),
        ("complete", COMPLETE, {}),
        ("failed", [FAILED], {}),
        ("about to fail", [about_to], {}),
        ("suspended", [], {"suspend": True}),
        ("has failed pods", [], {"failed": 2}),
        ("ends", [], {}),
    ):
        one = job("night-2", *conditions, owner=cron_job("night"), **more)
        alone, later = (job(name, *COMPLETE, owner=cron_job("night"), age=age) for name, age in LATER)
        others = {
            "alone": [],
            "a later one": [later],
            "an earlier one": [alone],
            "a later one that runs": [job("night-3", owner=cron_job("night"), age=1.0)],
            "a later one of another": [job("night-3", *COMPLETE, owner=cron_job("day"), age=1.0)],
            "a bad pod": [f.image_pull("a", owner=one), f.image_pull("b", owner=one)],
            "a pod on a silent node": [
                f.pod("a", owner=one, ready="False"), f.node("node-1", ready="Unknown")
            ],
            "a pod that is not ready": [f.pod("a", owner=one, ready="False"), f.node("node-1")],
        }  # fmt: skip
        for what, beside in others.items():
            store = f.store_of(one, *beside)
            (row,) = (row for row in store.rows("Job") if row.name == "night-2")
            made = replace(row, deleting=f.NOW + 9) if label == "ends" else row
            yield f"{label}, {what}", store, "Job", made
    orphan = job("night-2", FAILED)
    store = f.store_of(orphan, job("night-3", *COMPLETE, age=1.0))
    (row,) = (row for row in store.rows("Job") if row.name == "night-2")
    yield "failed, of nobody", store, "Job", row


LATER = (("night-1", 9000.0), ("night-3", 1.0))


def test_jobs(snapshot: SnapshotAssertion) -> None:
    assert told("jobs", jobs()) == snapshot


def cron_jobs() -> Iterator[Case]:
    owner = cron_job("night")
    runs = {
        "no job": [],
        "good": [job("night-1", *COMPLETE, owner=owner)],
        "bad": [job("night-1", FAILED, owner=owner)],
        "good, then bad": [
            job("night-1", *COMPLETE, owner=owner, age=900.0),
            job("night-2", FAILED, owner=owner, age=60.0),
        ],
        "bad, then good": [
            job("night-1", FAILED, owner=owner, age=900.0),
            job("night-2", *COMPLETE, owner=owner, age=60.0),
        ],
        "bad, then one that runs": [
            job("night-1", FAILED, owner=owner, age=900.0),
            job("night-2", owner=owner, age=60.0),
        ],
        "two at once, by name": [
            job("night-2", FAILED, owner=owner, age=60.0),
            job("night-1", *COMPLETE, owner=owner, age=60.0),
        ],
    }  # fmt: skip
    for what, suspended, active, scheduled in product(runs, (False, True), (0, 2), (False, True)):
        one = cron_job("night", **({"lastScheduleTime": f.stamp(f.NOW - 400)} if scheduled else {}))
        store = f.store_of(one, *runs[what])
        row = store.get("CronJob", one["metadata"]["namespace"], "night")
        assert row is not None
        made = replace(row, suspended=suspended, active=active)
        yield f"{what}{', suspended' if suspended else ''}, {active}, {scheduled}", store, "CronJob", made


def test_cron_jobs(snapshot: SnapshotAssertion) -> None:
    assert told("cronjobs", cron_jobs()) == snapshot


SERVICES = {
    "inside": ServiceRow(namespace="d", name="web", uid="u", resource_version="1"),
    "selects": ServiceRow(
        namespace="d", name="web", uid="u", resource_version="1", selector=(("app", "web"),)
    ),
    "pending": ServiceRow(namespace="d", name="web", uid="u", resource_version="1", type="LoadBalancer"),
    "a name": ServiceRow(
        namespace="d", name="web", uid="u", resource_version="1", type="ExternalName", external=("x",)
    ),
    "no name": ServiceRow(namespace="d", name="web", uid="u", resource_version="1", type="ExternalName"),
}
ENDPOINTS: tuple[Endpoints | None, ...] = (
    None,
    Endpoints(0, 0, 0),
    Endpoints(0, 0, 1, ("a",)),
    Endpoints(0, 2, 0),
    Endpoints(0, 2, 1, ("a",)),
    Endpoints(1, 1, 0, ("a",)),
    Endpoints(2, 2, 0, ("a",)),
    Endpoints(2, 2, 0, ("",)),
    Endpoints(2, 2, 0, ("a", "b")),
    Endpoints(2, 3, 0, ("a", "b")),
    Endpoints(2, 2, 0, ("a", "b"), 1),
    Endpoints(2, 2, 0, ("a", "b"), 2),
)
HOLDERS = {
    "nobody asked": None,
    "nobody": Holder("", (), why="nobody"),
    "a": Holder("ServiceLB", ("a",)),
    "a, silent": Holder("ServiceLB", ("a",), ("a",)),
    "a and b, one silent": Holder("ServiceLB", ("a", "b"), ("a",)),
}


def test_services(snapshot: SnapshotAssertion) -> None:
    lines = []
    for what, age, several, found in product(SERVICES, (120, 121), (False, True), ENDPOINTS):
        if what not in ("inside", "selects") and found is not None and found.total != 1:
            continue
        row = replace(SERVICES[what], created=f.NOW - age)
        severity, words = service_state(row, found, NOW, several=several)
        at = "unknown" if found is None else f"{found.ready}/{found.total}+{found.draining} {found.hosts}"
        silent = f" {found.silent} silent" if found is not None and found.silent else ""
        many = " of several nodes" if several else ""
        lines.append(f"{what} {age}{many} {at}{silent}: {SEVERITY_WORDS[severity]} {words}")
    for who, found in product(HOLDERS, ENDPOINTS):
        severity, words = service_state(replace(SERVICES["inside"], created=f.NOW), found, NOW, HOLDERS[who])
        at = "unknown" if found is None else found.words
        lines.append(f"held by {who}, {at}: {SEVERITY_WORDS[severity]} {words}")
    assert "\n".join(lines) == snapshot
