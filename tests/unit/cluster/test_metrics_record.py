"""Usage through random histories: what is asked for when, in which form, and what stands in the store after it.

`pytest tests/unit/cluster/test_metrics_record.py --snapshot-update` takes what happens now; look at what differs
first.
"""

from __future__ import annotations

import asyncio
import random
from itertools import product
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.api.metrics import MetricsPoller
from edgetui.cluster.errors import EdgetuiError, Forbidden, LinkError, NotFound, ServerFailure
from edgetui.model.cache.store import Store
from edgetui.model.kinds.pod import PodRow
from tests.unit.cluster.every_value import encoded
from tests.unit.cluster.recorded import moment
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

USAGE = {"cpu": "250m", "memory": "64Mi"}
COLUMNS = [{"name": "Name"}, {"name": "cpu"}, {"name": "memory"}]


class Site:
    """A metrics API over a store, and who looks at it."""

    def __init__(self, loop: VirtualLoop, counts: dict[str, int]) -> None:
        self.loop = loop
        self.lines: list[str] = []
        self.store = Store("plant")
        for space, count in counts.items():
            for n in range(count):
                row = PodRow(namespace=space, name=f"p{n}", uid=f"{space}.{n}", resource_version="1")
                self.store.apply("Pod", row)
        self.version = "v1"
        self.answers = "objects"
        self.denied: frozenset[str] = frozenset()
        self.fails: EdgetuiError | None = None
        self.watched: list[str] = []
        self.view: list[str] = []
        self.is_up = True
        here: Any = self
        self.poller = MetricsPoller(
            here, self.store, lambda kind: self.watched if kind == "Pod" else [], lambda: self.view
        )

    def note(self, what: str) -> None:
        self.lines.append(f"{moment(self.loop.time())} {what}")

    def state(self) -> str:
        """How many are known of each kind, and whether there is such an API."""
        known = {
            kind: sum(self.store.usage(kind, space, name) is not None for space, name in self.names(kind))
            for kind in ("Node", "Pod")
        }
        return f"known {known}, {self.store.metrics_available('Node')} {self.store.metrics_available('Pod')}"

    def names(self, kind: str) -> list[tuple[str, str]]:
        return (
            [("", "n0")] if kind == "Node" else [(row.namespace, row.name) for row in self.store.rows("Pod")]
        )

    async def until_up(self) -> None:
        while not self.is_up:
            await asyncio.sleep(1.0)

    async def get_bytes(self, path: str, query: dict[str, str], headers: Any = None) -> bytes:
        name = path.removeprefix("/apis/metrics.k8s.io/")
        self.note(f"{name}{' as rows' * bool(headers)} {query or ''}".rstrip())
        await asyncio.sleep(0.1)
        version, _, rest = name.partition("/")
        if self.fails is not None:
            raise self.fails
        if version != self.version:
            raise NotFound("no such API", code=404)
        space = rest.split("/")[1] if rest.startswith("namespaces/") else ""
        if space in self.denied and rest:
            raise Forbidden(f"{space or 'all'} is denied", code=403)
        kind = "Node" if rest.endswith("nodes") else "Pod"
        names = [one for one in self.names(kind) if space in ("", one[0])]
        if headers and self.answers == "rows":
            rows = [{"cells": [name, "250m", "64Mi"]} for _, name in names]
            return encoded({"kind": "Table", "columnDefinitions": COLUMNS, "rows": rows})
        if headers and self.answers == "other rows":
            return encoded(
                {"kind": "Table", "columnDefinitions": [{"name": "Name"}], "rows": [{"cells": ["x"]}]}
            )
        if self.answers == "nonsense":
            return b"nonsense"
        metas = [{"name": name, "namespace": space} for space, name in names]
        items = [{"metadata": meta, "usage": USAGE} for meta in metas]
        return encoded({"items": items})


COUNTS: tuple[dict[str, int], ...] = (
    {},
    {"a": 2, "b": 1},
    {"a": 2, "b": 90, "c": 1},
    {f"n{n}": 1 for n in range(8)},
    {f"n{n}": 1 for n in range(9)},
    {"a": 460, "b": 3},
)
MOVES = (
    "show", "show", "show", "nothing", "view", "no view", "beside", "watched", "not watched", "down", "up", "slow",
    "rows", "objects", "other rows", "nonsense", "refused", "broken", "failing", "well", "older", "absent", "newest",
    "denied", "all denied", "allowed", "forget", "void",
)  # fmt: skip


def act(site: Site, move: str, draw: random.Random) -> None:
    poller = site.poller
    match move:
        case "show":
            poller.show(draw.choice((("Node",), ("Pod",), ("Node", "Pod", "Service"))))
        case "nothing":
            poller.show(())
        case "view" | "no view":
            site.view = ["a", "b"][: draw.choice((1, 2))] if move == "view" else []
        case "beside":
            poller.show(("Pod",), draw.choice(("", "a", "c")))
        case "watched" | "not watched":
            site.watched = ["a", "b"] if move == "watched" else []
        case "up":
            site.is_up = True
        case "down":
            site.is_up = False
            poller.give_up()
        case "slow":
            poller.period = draw.choice((15.0, 60.0))
        case "rows" | "objects" | "other rows" | "nonsense":
            site.answers = move
        case "refused" | "broken" | "failing" | "well":
            site.fails = {
                "refused": Forbidden("no", code=403),
                "broken": LinkError("Reset."),
                "failing": ServerFailure("It is down.", code=503),
            }.get(move)
        case "older" | "absent" | "newest":
            site.version = {"older": "v1beta1", "absent": "", "newest": "v1"}[move]
        case "denied" | "all denied" | "allowed":
            site.denied = {"denied": frozenset({"", "a"}), "all denied": frozenset({"", "a", "b", "c"})}.get(
                move, frozenset()
            )
        case "void":
            poller.void()
        case _:
            poller.forget(draw.choice((("Node",), ("Pod", "Node"))))


@pytest.mark.parametrize("seed", range(30))
def test_what_is_asked_for_and_known_through_a_random_history(seed: int, snapshot: SnapshotAssertion) -> None:
    lines: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        draw = random.Random(seed)
        site = Site(loop, COUNTS[seed % len(COUNTS)])
        running = asyncio.create_task(site.poller.run(site.until_up))
        site.poller.show(("Node", "Pod"))
        for _ in range(12):
            await asyncio.sleep(draw.choice((0.05, 0.5, 5.0, 20.0, 95.0)))
            move = draw.choice(MOVES)
            act(site, move, draw)
            site.note(f"-- {move}: {site.state()}")
        await asyncio.sleep(70.0)
        site.note(site.state())
        running.cancel()
        lines.extend(site.lines)

    on_virtual_time(main)
    assert "\n".join(lines) == snapshot


class Counted:
    """A store that only counts."""

    def __init__(self, counts: dict[str, int], others: int) -> None:
        self.counts, self.all = counts, sum(counts.values()) + others

    def count(self, kind: str, namespace: str = "") -> int:
        return self.counts[namespace] if namespace else self.all


@pytest.mark.parametrize("prints", [True, False])
def test_rows_of_some_namespaces_are_asked_for_where_they_are_no_more_bytes_than_all_objects(
    prints: bool,
) -> None:
    async def main(loop: VirtualLoop) -> None:
        poller = Site(loop, {}).poller
        poller._prints = prints
        each = 80 if prints else 300
        for first, second, others in product(
            (0, 1, 2, 3, 99, 100, 101, 106), (None, 0, 1, 2), (0, 1, 2, 330, 336, 337, 399, 400)
        ):
            counts = {"a": first} if second is None else {"a": first, "b": second}
            counted: Any = Counted(counts, others)
            poller._store = counted
            objects = 300 * counted.all
            whole = 500 + (objects if objects < 128 * 1024 else 16 * counted.all)
            rows = sum(500 + each * count for count in counts.values())
            assert poller._rows_cost_less("Pod", list(counts)) is (rows <= whole), (counts, others)

    on_virtual_time(main)
