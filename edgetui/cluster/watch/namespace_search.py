"""Which namespaces there are, for a kind that is divided by them: asked once the link is there, and now and then."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from edgetui.cluster.api.probe import Namespaces

if TYPE_CHECKING:
    from edgetui.cluster.watch.owner import Owner

NAMESPACES_AGAIN, SOME_AGAIN = 600.0, 120.0
GROUP_AGAIN = 30.0
"""Seconds after which the same namespaces are told again, because by then it is known how much is in each.

So long a question that nobody waits for leaves the link to what somebody does.
"""


class NamespaceSearch:
    """One question at a time; `found` hears the answer, and if it is the first, unless the question was dropped.

    `asking` is whether an answer is due, `listed` whether there was one since `reset`.
    """

    def __init__(self, owner: Owner, found: Callable[[Namespaces, bool], None]) -> None:
        self.asking = False
        self.listed = False
        self._owner = owner
        self._found = found
        self._question = 0
        self._known = False
        self._cancel: Callable[[], None] | None = None

    def begin(self, *, soon: bool = True) -> None:
        """Ask, unless it is known or under way: at once, or `soon` is false where no namespace is missed until then.

        Those in view are known without a question.
        """
        if self.asking or self._known:
            return
        if soon or self._owner.in_view:
            self.ask()
        else:
            self.quiet()
            self._cancel = self._owner.later(GROUP_AGAIN, self._ask_again)

    def ask(self) -> None:
        """Ask now: which namespaces are in view, or else the server."""
        self.quiet()
        self._question += 1
        if self._owner.in_view:
            self._answer(self._question, Namespaces(list(self._owner.in_view), whole=False))
            return
        self.asking, question = True, self._question
        self._owner.namespaces(lambda found: self._answer(question, found))

    def void(self) -> None:
        """The link is down: what is asked for comes to nothing, whatever is said of it, and nothing more is asked."""
        self.quiet()
        if self.asking:
            self._question += 1
        self.asking = self._known = False

    def reset(self) -> None:
        """Forget the question and what was found."""
        self._question += 1
        self.asking = self.listed = self._known = False
        self.quiet()

    def quiet(self) -> None:
        """Do not ask again by itself."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def again(self, found: Namespaces, *, soon: bool) -> None:
        """Look again later; `soon` is whether the same answer is to be told once more before that."""
        self.quiet()
        if soon:
            question = self._question
            self._cancel = self._owner.later(GROUP_AGAIN, lambda: self._answer(question, found))
        else:
            later = NAMESPACES_AGAIN if found.whole else SOME_AGAIN
            self._cancel = self._owner.later(later, self._ask_again)

    def _ask_again(self) -> None:
        self._known = False
        self.begin()

    def _answer(self, question: int, found: Namespaces) -> None:
        if question == self._question:  # else the partition or the view has changed since it was asked
            first, self.listed = not self.listed, True
            self.asking, self._known = False, True
            self._found(found, first)
