"""Random keys, pastes, clicks, resizes and cluster events on the demo: nothing is written that nobody agreed to.

The demo's servers count what they are told to change. What a person did is judged by the keys that were sent and by
the frames that were drawn, without asking the question itself: `python -m tests.fuzz.keyboard --help`.
"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import os
import secrets
import string
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from textual import events
from textual.app import ScreenStackError
from textual.geometry import Size

from edgetui.actions.messages import Plan
from edgetui.cluster.kubeconfig.loader import Selection, load_fleet
from edgetui.cluster.session import FIRST_PAINT, ClusterSession
from edgetui.demo import sites
from edgetui.demo.http import Reply, Request
from edgetui.demo.kubeconfig import Entry, kubeconfig
from edgetui.demo.pki import server_identity
from edgetui.demo.resources import DEPLOYMENTS
from edgetui.demo.server import HOST, Listener, _token
from edgetui.demo.sites import Site
from edgetui.model.cache.store import Store
from edgetui.ui.app import EdgetuiApp
from edgetui.ui.dialogs.confirm import ConfirmScreen
from edgetui.ui.dialogs.question import SETTLE as REAL_SETTLE
from edgetui.ui.dialogs.question import AskScreen, Question
from edgetui.ui.options import ScreenOptions

SETTLE = 0.03
"""Seconds that a question settles here: nobody reads it."""
MARGIN = 0.8
"""Of that has to have passed by the clock that watches."""
STEPS, EVERY = 100_000, 10_000
STUCK = 120.0
"""Seconds that one step, or the end, may take: a screen that lets nothing else run ends the process there and then."""
ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "LICENSE").read_text() + (ROOT / "Makefile").read_text()
ANSWERS = frozenset({"left", "right", "tab", "shift+tab", "enter", "click"})
READS = frozenset({"up", "down", "pageup", "pagedown"})
KEYS = (
    *string.ascii_letters, *string.digits, *"/:?[]~!@#%", "space", "enter", "tab", "shift+tab", "escape", "up", "down",
    "left", "right", "pageup", "pagedown", "home", "end", "backspace", "delete", "ctrl+c", "ctrl+q", "ctrl+u", "ctrl+y",
    "f1", "ctrl+j", "alt+r",
)  # fmt: skip
LIKELY = (
    "enter",
    "tab",
    "right",
    "escape",
    "down",
    "4",
    "r",
    "s",
    "p",
    "b",
    "g",
    "u",
    "t",
    "i",
    "m",
    "R",
    "x",
    "a",
    "e",
)
NAMED = {
    "/": "slash",
    ":": "colon",
    "?": "question_mark",
    "[": "left_square_bracket",
    "]": "right_square_bracket",
}
REVIEWS = ("selfsubjectaccessreviews", "selfsubjectreviews", "selfsubjectrulesreviews")


class Unasked(AssertionError):
    """Something was written, or agreed to, that nobody was asked about."""


class Sent(NamedTuple):
    """One key or click, when it was sent, and which question was in front then."""

    at: float
    key: str
    front: object


class Judge:
    """Knows which questions were drawn since when, what was sent, and how many writes were agreed to."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.writes: list[str] = []
        self.agreed: list[Plan] = []
        self.asked = 0
        self._log: list[Sent] = []
        self._front: object = None
        self._since = 0.0
        self.failure: Unasked | None = None

    @property
    def told(self) -> str:
        """What came of it."""
        return f"{self.asked} questions, {len(self.agreed)} agreed to, {len(self.writes)} writes"

    def drawn(self, screen: object) -> None:
        """A frame of this screen was drawn."""
        if screen is not self._front:
            self._front, self._since = screen, self._clock()
            self._log = [one for one in self._log if one.front is screen]
            self.asked += isinstance(screen, ConfirmScreen)

    def sent(self, keys: Iterable[str], front: object) -> None:
        """Keys go out."""
        self._log += [Sent(self._clock(), key, front) for key in keys]

    def yes(self, question: AskScreen, plan: Plan | None) -> None:
        """A question was answered with yes, to a plan or to none: was that a person who had seen it?"""
        if not self._by_a_person(question):
            last = [(round(one.at - self._since, 3), one.key) for one in self._log[-30:]]
            self.failure = Unasked(f"{question} was answered, drawn at 0, by {last}")
        elif plan is not None:
            self.agreed.append(plan)

    def wrote(self, request: str, cluster: str) -> None:
        """A server changed something."""
        self.writes.append(f"{cluster} {request}")
        if len(self.writes) > sum(max(len(plan.writes), 1) for plan in self.agreed):
            self.failure = Unasked(f"{self.writes[-1]} is more than was agreed to: {self.agreed}")

    def _by_a_person(self, question: AskScreen) -> bool:
        if self._front is not question:
            return False
        moved = False
        quiet_since = self._since
        for one in self._log:
            if one.front is not question:
                continue
            answers = one.key in ANSWERS
            if answers and one.at - quiet_since >= MARGIN * SETTLE:
                if moved and one.key in ("enter", "click"):
                    return True
                moved = True
            elif one.key not in READS:
                moved = False
                quiet_since = one.at
        return False


PLANS: dict[AskScreen, Plan] = {}


class Watched(EdgetuiApp):
    """The app, whose frames and whose yes the judge sees; leaving does not end it."""

    judge: Judge

    def _display(self, screen: Any, renderable: Any) -> None:
        super()._display(screen, renderable)
        self.judge.drawn(self.screen)

    def exit(self, *args: Any, **more: Any) -> None:
        """The fuzzer decides when it is over."""


class Counted(Listener):
    """A site that tells the judge of everything that it was told to change, and did."""

    def __init__(self, site: Site, context: Any, judge: Judge) -> None:
        super().__init__(site, context)
        answer = self._api.handle

        async def handle(request: Request) -> Reply:
            reply = await answer(request)
            changes = request.method not in ("GET", "HEAD") and not request.path.endswith(REVIEWS)
            dry = "dryRun" in request.query or b'"dryRun"' in request.body
            if changes and not dry and reply.code < 300:
                judge.wrote(f"{request.method} {request.path}", site.name)
            return reply

        self._api.handle = handle  # type: ignore[method-assign]


@asynccontextmanager
async def on_the_demo(
    judge: Judge, directory: Path
) -> AsyncIterator[tuple[Watched, list[Counted], list[Site]]]:
    """The screen on three demo sites that run in this process."""
    loop = asyncio.get_running_loop()
    listeners, entries = [], []
    fleet = sites.fleet(3, 0, time.time())
    for site in fleet:
        identity = server_identity(site.name, directory)
        listener = Counted(site, identity.context, judge)
        await listener.open()
        listeners.append(listener)
        entries.append(Entry(site.name, f"https://{HOST}:{listener.port}", identity.ca_pem, _token(site)))
        site.simulation.go_live(loop)
    file = directory / "kubeconfig"
    file.write_text(kubeconfig(entries))
    targets = load_fleet(Selection(files=[file], all_contexts=True), {}, directory)
    sessions = [ClusterSession(target) for target in targets]
    stores: list[Store] = [session.store for session in sessions]
    options = ScreenOptions(audit=directory / "audit.jsonl", remember=False)
    app = Watched(stores, {session.name: session for session in sessions}, options)
    app.judge = judge
    try:
        for session in sessions:
            await session.start(FIRST_PAINT)
        async with app.run_test(size=(80, 24)):
            yield app, listeners, fleet
    finally:
        await asyncio.gather(*(session.close() for session in sessions), return_exceptions=True)
        for listener in listeners:
            listener.cut()


class Player:
    """Somebody, or something, at the keyboard."""

    def __init__(
        self, app: Watched, listeners: list[Counted], fleet: list[Site], judge: Judge, rng: Random
    ) -> None:
        self._app, self._listeners, self._fleet, self._judge, self._rng = app, listeners, fleet, judge, rng
        self.steps = 0

    async def step(self) -> None:
        """One thing that happens."""
        rng = self._rng
        try:
            await self._happens(rng)
        except ScreenStackError:
            raise Unasked(f"the screen ended: {self._app.failure!r}") from self._app.failure
        if self._app.failure is not None:
            raise self._app.failure
        if self._judge.failure is not None:
            raise self._judge.failure

    async def _happens(self, rng: Random) -> None:
        does = rng.choices(
            (self._key, self._likely, self._burst, self._paste, self._bracketed, self._click, self._resize,
             self._cluster, self._rest, self._agree),
            (30, 30, 8, 2, 3, 6, 2, 3, 4, 7),
        )[0]  # fmt: skip
        await does()
        await asyncio.sleep(rng.choice((0, 0, 0, 0.001, 0.005)))

    def _send(self, *keys: str) -> None:
        self._judge.sent(keys, self._app.screen)
        for key in keys:
            self._app.post_message(events.Key(NAMED.get(key, key), key if len(key) == 1 else None))
        self.steps += len(keys)

    async def _key(self) -> None:
        self._send(self._rng.choice(KEYS))

    async def _likely(self) -> None:
        self._send(self._rng.choice(LIKELY))

    async def _burst(self) -> None:
        self._send(*(self._rng.choice(LIKELY) for _ in range(self._rng.randint(2, 12))))

    async def _paste(self) -> None:
        """Text as raw keys, as fast as a line brings it."""
        at = self._rng.randrange(len(TEXT))
        keys = {"\n": "enter", "\t": "tab", " ": "space"}
        for character in TEXT[at : at + self._rng.randint(10, 300)]:
            self._send(keys.get(character, character))
            await asyncio.sleep(0.001)

    async def _bracketed(self) -> None:
        self._app.post_message(events.Paste(self._rng.choice(("role\r", "\t\r", "weld", TEXT[:500]))))
        self.steps += 1

    async def _click(self) -> None:
        """Anywhere, or where the answers are."""
        screen, (width, height) = self._app.screen, self._app.size
        x, y = self._rng.randrange(width), self._rng.randrange(height)
        if isinstance(screen, Question) and self._rng.random() < 0.7:
            region = screen.choice.region
            x, y = min(region.x + self._rng.randrange(40), width - 1), min(region.y, height - 1)
        self._judge.sent(["click"], screen)
        for kind in (events.MouseDown, events.MouseUp):
            self._app.post_message(kind(None, x, y, 0, 0, 1, False, False, False, x, y))
        self.steps += 1

    async def _resize(self) -> None:
        size = Size(self._rng.choice((20, 40, 80, 80, 120, 180)), self._rng.choice((4, 8, 24, 24, 36, 50)))
        self._app.post_message(events.Resize(size, size))
        self.steps += 1

    async def _cluster(self) -> None:
        """A release, somebody else's scale, or a link that goes and comes."""
        at = self._rng.randrange(len(self._fleet))
        simulation = self._fleet[at].simulation
        every = list(simulation.cluster.storage.collections[DEPLOYMENTS].entries)
        namespace, name = self._rng.choice(every)
        chance = self._rng.random()
        if chance < 0.3:
            simulation.release(
                DEPLOYMENTS, namespace, name, f"registry.local/{name}:{self._rng.randint(1, 9)}", "x"
            )
        elif chance < 0.6:
            count = self._rng.randint(0, 5)
            simulation.change(DEPLOYMENTS, namespace, name, lambda one: one["spec"].update(replicas=count))
        elif chance < 0.65:
            self._listeners[at].cut()
        else:
            for listener in self._listeners:
                if listener._server is None:
                    await listener.open()
        self.steps += 1

    async def _rest(self) -> None:
        await asyncio.sleep(self._rng.choice((0.005, 0.02, 2 * SETTLE)))
        self.steps += 1

    async def _agree(self) -> None:
        """A person who reads the question that is in front and says yes, or begins something, and is hasty or not."""
        if isinstance(self._app.screen, AskScreen):
            await asyncio.sleep(3 * SETTLE)
            self._send("tab")
            await asyncio.sleep(SETTLE)
            self._send("enter")
            return
        self._send(
            "escape",
            "escape",
            "escape",
            "4",
            *["down"] * self._rng.randrange(8),
            self._rng.choice("rpsxubgit"),
        )
        if self._rng.random() < 0.5:
            await self._burst()
        await asyncio.sleep(self._rng.choice((0.0, 0.02, 0.1)))
        if self._rng.random() < 0.3:
            self._send("enter")  # of a form
            await asyncio.sleep(0.1)


async def play(seed: int, steps: int, every: int = 0) -> Judge:
    """So many steps; how far it is, is printed after `every` so many. Raises Unasked.

    A screen that hangs ends the process, with where it hangs on stderr.
    """
    judge, rng = Judge(), Random(seed)
    Question.settle = SETTLE
    remember, yes = ConfirmScreen.__init__, AskScreen.dismiss

    def init(self: ConfirmScreen, plan: Plan) -> None:
        remember(self, plan)
        PLANS[self] = plan

    def dismiss(self: AskScreen, result: bool | None = None) -> Any:
        if result and self.is_active:
            judge.yes(self, PLANS.get(self))
        return yes(self, result)

    ConfirmScreen.__init__, AskScreen.dismiss = init, dismiss  # type: ignore[method-assign,assignment]
    here = Path.cwd()
    try:
        with tempfile.TemporaryDirectory() as directory:
            os.chdir(directory)
            async with on_the_demo(judge, Path(directory)) as (app, listeners, fleet):
                player = Player(app, listeners, fleet, judge, rng)
                said = 0
                while player.steps < steps:
                    faulthandler.dump_traceback_later(STUCK, exit=True, file=sys.__stderr__)
                    await player.step()
                    if every and player.steps - said >= every:
                        said = player.steps
                        print(f"{said} steps, {judge.told}", flush=True)
            # As asyncio.run does at the program's end: what threads are writing is written.
            await asyncio.get_running_loop().shutdown_default_executor()
    finally:
        faulthandler.cancel_dump_traceback_later()
        os.chdir(here)
        ConfirmScreen.__init__, AskScreen.dismiss = remember, yes  # type: ignore[method-assign]
        Question.settle = REAL_SETTLE
        PLANS.clear()
    return judge


def main() -> int:
    """Play, and say what came of it and how to play it again."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.keyboard", description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"({STEPS})")
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="a fresh one by default")
    chosen = parser.parse_args()
    seed = secrets.randbits(31) if chosen.seed is None else chosen.seed
    again = f"python -m tests.fuzz.keyboard --steps {chosen.steps} --seed {seed}"
    print(again, flush=True)
    began = time.monotonic()
    try:
        judge = asyncio.run(play(seed, chosen.steps, EVERY))
    except Exception as find:  # noqa: BLE001 - whatever ends it is a find
        print(f"keyboard: {again}: {type(find).__name__}: {find}")
        return 1
    print(f"keyboard: {chosen.steps} steps without a find, {judge.told}, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
