"""The YAML of an object: read when it is opened, read again when the object changes, honest when it cannot be read."""

from __future__ import annotations

from typing import Any

from edgetui.cluster.errors import Forbidden, LinkError
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.base import Kind
from edgetui.ui.screens.manifest import AGAIN
from tests.unit.model import factories

from .driving import Screen, running

KEY = ObjectKey("plant", "Pod", "line-1", "press-1")


class Server:
    """A session whose server gives what a test says."""

    def __init__(self) -> None:
        self.answer: Any = factories.pod("press-1", "line-1")
        self.asked: list[str] = []

    def look_at_kinds(self, kinds: object, beside: str = "") -> None:
        """Everything is in the store already."""

    @property
    def api(self) -> Server:
        return self

    def kind(self, name: str) -> Kind:
        """Every kind in the version that is usual."""
        return KINDS[name]

    async def get(self, path: str) -> Any:
        self.asked.append(path)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def read(self, collection: str, name: str) -> Any:
        return await self.get(f"{collection}/{name}")


def put(store: Store, version: str) -> None:
    """The pod as the watch brings it."""
    pod = factories.pod("press-1", "line-1")
    pod["metadata"]["resourceVersion"] = version
    store.apply("Pod", row_of("Pod", pod))


async def opened(screen: Screen) -> None:
    screen.app.open_manifest(KEY)
    await screen.settled()


async def a_second_later(screen: Screen, seconds: float) -> None:
    screen.clock.advance(seconds)
    screen.app._tick()
    await screen.settled()


async def test_it_is_read_again_only_when_the_object_changed_and_not_too_often() -> None:
    store, server = Store("plant"), Server()
    put(store, "7")
    async with running([store], sessions={"plant": server}) as screen:
        await opened(screen)
        assert server.asked == ["/api/v1/namespaces/line-1/pods/press-1"]
        assert "name: press-1" in screen.text()
        await a_second_later(screen, AGAIN)
        assert len(server.asked) == 1
        server.answer = factories.pod("press-1", "line-1") | {"status": {"phase": "Failed"}}
        put(store, "8")
        await screen.changed()
        await a_second_later(screen, 0.5)
        assert len(server.asked) == 2
        put(store, "9")
        await screen.changed()
        await a_second_later(screen, 0.5)
        assert len(server.asked) == 2
        await screen.press("end")
        assert "phase: Failed" in screen.text()


async def test_a_second_that_passes_before_it_is_on_the_screen_reads_nothing() -> None:
    store, server = Store("plant"), Server()
    put(store, "7")
    async with running([store], sessions={"plant": server}) as screen:
        screen.app.open_manifest(KEY)
        screen.app._tick()
        await screen.settled()
        assert server.asked == ["/api/v1/namespaces/line-1/pods/press-1"]
        assert "name: press-1" in screen.text()


async def test_what_cannot_be_read_is_said_and_what_was_read_stays() -> None:
    store, server = Store("plant"), Server()
    put(store, "7")
    async with running([store], sessions={"plant": server}) as screen:
        await opened(screen)
        server.answer = LinkError("plant does not answer.", "edgetui keeps trying.")
        put(store, "8")
        await screen.changed()
        await a_second_later(screen, AGAIN)
        assert "may have changed since. plant does not answer." in screen.text()
        assert "name: press-1" in screen.text()


async def test_a_right_that_is_missing_is_said() -> None:
    store, server = Store("plant"), Server()
    put(store, "7")
    server.answer = Forbidden("The server says: no.", "Ask for the right.")
    async with running([store], sessions={"plant": server}) as screen:
        await opened(screen)
        assert "The server says: no." in screen.text()
        assert "apiVersion" not in screen.text()
