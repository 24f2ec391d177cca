"""What a cluster serves, remembered: when the server is asked, and what lies on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from edgetui.cluster.api import catalog
from edgetui.cluster.api.catalog import AGAIN, OLD, Catalog
from edgetui.cluster.api.probe import Identity
from edgetui.cluster.errors import EdgetuiError, LinkError
from edgetui.model.kinds import Kinds

from .test_discovery import CORE, GROUPS, body, discovered, group, version

VALVES = body(
    "APIGroupDiscoveryList", items=[group("example.com", version("v1", discovered("valves", "Valve")))]
)


class Cluster:
    """A session: answers discovery, or fails."""

    def __init__(self, uid: str = "uid-1") -> None:
        self.identity = uid
        self.groups: bytes | EdgetuiError = GROUPS
        self.asked = 0
        self.unchanged = 0

    @property
    def api(self) -> Cluster:
        return self

    async def get_tagged(self, path: str, tag: str, headers: Mapping[str, str]) -> tuple[bytes, str] | None:
        await asyncio.sleep(0)
        if isinstance(self.groups, EdgetuiError):
            raise self.groups
        self.asked += path == "/apis"
        found = CORE if path == "/api" else self.groups
        if tag == f'"{hash(found)}"':
            self.unchanged += 1
            return None
        return found, f'"{hash(found)}"'


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def made(cluster: Cluster, clock: Clock, directory: Path | None = None) -> Catalog:
    return Catalog(cluster, Kinds(), clock, directory)  # type: ignore[arg-type]


async def names(found: Catalog, word: str) -> list[str]:
    return [one.name for one in await found.find(word)]


async def test_the_server_is_asked_once_for_all_who_wait(cluster: Cluster, clock: Clock) -> None:
    found = made(cluster, clock)
    assert await asyncio.gather(*(names(found, "pumps") for _ in range(5))) == [["pumps.example.com"]] * 5
    assert cluster.asked == 1


async def test_an_unknown_word_is_asked_about_but_not_again_and_again(cluster: Cluster, clock: Clock) -> None:
    found = made(cluster, clock)
    assert await names(found, "valves") == []
    cluster.groups = VALVES
    assert await names(found, "valves") == []
    assert cluster.asked == 1
    clock.now += AGAIN
    assert await names(found, "valves") == ["valves.example.com"]
    assert await names(found, "po") == ["pods"]
    assert cluster.asked == 2


async def test_what_is_old_is_asked_for_again_by_its_tag(cluster: Cluster, clock: Clock) -> None:
    found = made(cluster, clock)
    before = await found.known()
    clock.now += OLD
    assert await found.known() == before
    assert (cluster.asked, cluster.unchanged) == (2, 2)


async def test_a_clock_that_was_set_back_makes_nothing_young_for_ever(cluster: Cluster, clock: Clock) -> None:
    found = made(cluster, clock)
    await found.known()
    clock.now -= 90_000
    await found.known()
    assert cluster.asked == 2


async def test_doubt_makes_the_next_word_ask(cluster: Cluster, clock: Clock) -> None:
    found = made(cluster, clock)
    await found.known()
    found.doubt()
    cluster.groups = VALVES
    assert await names(found, "pumps") == []
    assert await names(found, "valves") == ["valves.example.com"]


async def test_a_server_that_cannot_be_asked_serves_what_it_did_and_says_why(
    cluster: Cluster, clock: Clock
) -> None:
    found = made(cluster, clock)
    await found.known()
    clock.now += OLD
    cluster.groups = LinkError("nobody answers")
    assert await names(found, "pumps") == ["pumps.example.com"]
    assert found.problem is cluster.groups
    cluster.groups = GROUPS
    await found.known()
    assert found.problem is None


async def test_another_start_asks_nothing_while_it_is_young(
    cluster: Cluster, clock: Clock, tmp_path: Path
) -> None:
    served = await made(cluster, clock, tmp_path / "d").known()
    again = made(cluster, clock, tmp_path / "d")
    assert await again.known() == served
    assert cluster.asked == 1
    (file,) = (tmp_path / "d").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"\xff", b"[]", b'{"format":0,"uid":"uid-1","asked":0,"found":{}}', b"\0" * 64]
)
async def test_a_file_that_cannot_be_used_is_no_loss(
    cluster: Cluster, clock: Clock, tmp_path: Path, damage: bytes
) -> None:
    await made(cluster, clock, tmp_path / "d").known()
    (file,) = (tmp_path / "d").iterdir()
    file.write_bytes(damage)
    assert await names(made(cluster, clock, tmp_path / "d"), "pumps") == ["pumps.example.com"]
    assert cluster.asked == 2


async def test_the_file_of_another_cluster_is_not_taken(
    cluster: Cluster, clock: Clock, tmp_path: Path
) -> None:
    await made(cluster, clock, tmp_path / "d").known()
    other = Cluster("uid-2")
    other.groups = VALVES
    assert await names(made(other, clock, tmp_path / "d"), "pumps") == []


async def test_another_cluster_behind_the_same_address_is_asked(cluster: Cluster, clock: Clock) -> None:
    found = made(cluster, clock)
    await found.known()
    cluster.identity, cluster.groups = "uid-2", VALVES
    assert await names(found, "valves") == ["valves.example.com"]


async def test_without_a_directory_or_an_identity_nothing_is_written(
    cluster: Cluster, clock: Clock, tmp_path: Path
) -> None:
    cluster.identity = ""
    await made(cluster, clock, tmp_path / "d").known()
    assert not (tmp_path / "d").exists()


async def test_no_more_files_are_kept_than_clusters_that_one_looks_at(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "MOST_FILES", 3)
    for n in range(5):
        await made(Cluster(f"uid-{n}"), clock, tmp_path / "d").known()
    assert len(list((tmp_path / "d").iterdir())) == 3


async def test_what_is_adopted_is_in_the_registry_in_the_version_that_was_asked_for(
    cluster: Cluster, clock: Clock
) -> None:
    kinds = Kinds()
    found = Catalog(cluster, kinds, clock)  # type: ignore[arg-type]
    await found.known()
    assert kinds["Pump.example.com"].version == "v2"
    (id,) = found.adopt(await found.find("pumps.v1.example.com"))
    assert kinds[id].version == "v1"
    found.doubt()
    cluster.groups = VALVES
    await found.known()
    assert kinds[id].version == "v1"


async def test_a_command_that_ends_asks_who_is_there_and_remembers_by_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[object, str, float]] = []

    async def who(api: object, version: str, timeout: float) -> Identity:
        asked.append((api, version, timeout))
        return Identity("uid-7", behind=False)

    monkeypatch.setattr(catalog, "identify", who)
    api = Cluster()
    api.kinds = Kinds()  # type: ignore[attr-defined]
    found = await catalog.catalog_of(api, 7.0)  # type: ignore[arg-type]
    assert asked == [(api, "", 7.0)]
    assert (found._cluster.identity, found._cluster.api, found._kinds) == ("uid-7", api, api.kinds)  # type: ignore[attr-defined]
    assert found._directory == catalog.default_directory()
    assert [found._directory.name, found._directory.parent.name] == ["discovery", "edgetui"]


async def test_what_was_found_before_it_is_known_who_is_there_stays(cluster: Cluster, clock: Clock) -> None:
    cluster.identity = ""
    found = made(cluster, clock)
    before = await found.known()
    cluster.identity = "uid-1"
    assert await found.known() == before
    assert cluster.asked == 1
    cluster.identity = "uid-2"
    clock.now += OLD
    await found.known()
    cluster.identity = ""
    await found.known()
    assert cluster.asked == 2


@pytest.mark.parametrize(("age", "asked"), [(OLD - 0.1, 1), (OLD, 2), (-0.1, 2), (0.0, 1)])
async def test_it_is_asked_again_after_ten_minutes(
    cluster: Cluster, clock: Clock, age: float, asked: int
) -> None:
    found = made(cluster, clock)
    await found.known()
    clock.now += age
    await found.known()
    assert (cluster.asked, OLD) == (asked, 600.0)


@pytest.mark.parametrize(("age", "asked"), [(4.9, 1), (5.0, 2)])
async def test_a_word_that_means_nothing_is_asked_about_every_five_seconds(
    cluster: Cluster, clock: Clock, age: float, asked: int
) -> None:
    found = made(cluster, clock)
    await found.known()
    clock.now += age
    assert await found.find("nothing") == ()
    assert cluster.asked == asked
