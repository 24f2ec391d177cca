"""A row in the list of what runs behind the screen."""

from __future__ import annotations

from typing import NamedTuple

from edgetui.model.identity import ObjectKey


class Badge(NamedTuple):
    """What the header says of one job: "GUARD press 1m", or "2 GUARDS" of several without `detail`."""

    word: str
    many: str
    detail: str = ""


class BackgroundJob:
    """One of them, and what most have in common.

    What an action leaves running needs no class of its own: a Spec with `starts` makes a LongRunning, and its row is
    made of that. Anything else derives from this, is given to `app.flows.jobs.add` when it begins and to `remove` when
    it has ended, and calls `changed` of that list whenever it says something else.

    `title` names it, `began` is when, in seconds of the app's `monotonic`. `about` are the objects it is about, none
    for something else. `action_id` is the action that it belongs to: begun again on the same objects, that shows this
    one. `waits` says what waits for the person, empty while nothing does. `stops` is the answer that ends it, empty
    where nothing does; `at_exit` what leaving edgetui does to it, as a sentence, empty where nothing is lost and nobody
    has to be asked.
    """

    action_id = ""
    about: frozenset[ObjectKey] = frozenset()
    waits = ""

    def __init__(self, title: str, began: float) -> None:
        self.title = title
        self.began = began

    @property
    def says(self) -> str:
        """What it does now, in a few words."""
        return self.waits

    @property
    def ended(self) -> bool:
        """Whether it is over, and about to leave the list."""
        return False

    @property
    def badge(self) -> Badge | None:
        """What the header says of it."""
        return None

    @property
    def urgent(self) -> bool:
        """Whether it is about to change something by itself: escape offers to end it."""
        return False

    @property
    def note(self) -> str:
        """What the page of an object that it is about says of it; empty for nothing."""
        return ""

    @property
    def stops(self) -> str:
        """The answer that ends it."""
        return ""

    @property
    def at_exit(self) -> str:
        """What leaving edgetui does to it."""
        return ""

    def toggled_by(self, action_id: str) -> bool:
        """Whether the key of this action, on an object that it is about, ends it."""
        return False

    def stands_for(self, action_id: str) -> bool:
        """Whether it is shown in place of beginning its action again on the same objects."""
        return False

    def attend(self) -> None:
        """The person chose it: show it."""

    def cancel(self) -> None:
        """End it."""

    def tick(self) -> None:
        """A second passed."""
