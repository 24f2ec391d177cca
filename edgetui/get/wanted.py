"""What the words of `edgetui get` ask for: panes, kinds, and names among their objects. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

import msgspec

from edgetui.cluster.errors import EdgetuiError
from edgetui.model import labels
from edgetui.model.kinds import KINDS
from edgetui.model.panes import PANES
from edgetui.model.panes.base import Pane, PaneRow
from edgetui.model.panes.of_kind import KindPane
from edgetui.model.resources.named import slashed
from edgetui.model.selector import Requirement, holds

DEFAULT_PANES = ("nodes", "pods", "autoscalers", "rollouts")
_FILE_ENDS = (".yaml", ".yml", ".conf", ".config", ".kubeconfig")


class Wanted(msgspec.Struct):
    """One table: a pane, and which of its rows.

    `kinds` are empty for all of them, `objects` too: each is a kind, empty for any, and a name. `word` is what was
    asked for where only the clusters know what it means; `pane` has no columns of its own then until one said so.
    """

    pane: Pane
    kinds: set[str] = msgspec.field(default_factory=set)
    objects: set[tuple[str, str]] = msgspec.field(default_factory=set)
    word: str = ""
    namespace: str = ""
    selector: tuple[Requirement, ...] = ()

    @property
    def id(self) -> str:
        """What its rows stand under in the JSON document."""
        return self.pane.title if self.word else self.pane.id

    def keeps(self, row: PaneRow) -> bool:
        """Whether a row of the pane is wanted."""
        key = row.key
        if self.namespace and key.namespace not in ("", self.namespace):
            return False
        if self.kinds and key.kind not in self.kinds:
            return False
        if self.objects and not self.objects & {(key.kind, key.name), ("", key.name)}:
            return False
        return not self.selector or (labels.known(row.of) and holds(self.selector, labels.values(row.of)))


def files_first(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The kubeconfigs that come first among the words, and the rest.

    A word is a file where it is written as one, or there is one and it names neither pane nor kind.
    """
    at = 0
    while at < len(words) and _is_file(words[at]):
        at += 1
    return list(words[:at]), list(words[at:])


def _is_file(word: str) -> bool:
    if word.startswith(("/", "./", "../", "~")) or word.endswith(_FILE_ENDS):
        return True
    return KINDS.find(word.partition("/")[0]) is None and word not in PANES and Path(word).exists()


def of_words(words: Sequence[str], panes: Iterable[str] = ()) -> list[Wanted]:
    """The tables that words ask for, and those of `--pane`. Raises EdgetuiError for words that make no sense.

    As kubectl: KIND[,KIND] [NAME...], or KIND/NAME...; a pane is named like a kind.
    """
    found = _of_panes(panes)
    try:
        asked = [(kind, {name}) for kind, name in slashed(words)]
    except ValueError as word:
        raise EdgetuiError(f"{word} does not name an object.", "Write KIND/NAME for each of them.") from None
    if words and not asked:
        asked = [(kind, set(words[1:])) for kind in words[0].split(",") if kind]
    for kind, names in asked:
        one = _of_kind(kind)
        same = [other for other in found if other.pane is one.pane or (one.word and other.word == one.word)]
        if not same:
            found.append(one)
        target = same[0] if same else one
        only = next(iter(one.kinds), "")
        target.kinds = target.kinds | one.kinds if target.kinds and one.kinds else set()
        target.objects |= {(only, name) for name in names}
    return found or _of_panes(DEFAULT_PANES)


def _of_panes(names: Iterable[str]) -> list[Wanted]:
    """The panes of these names in screen order. Raises EdgetuiError for an unknown one."""
    words = [name.strip() for text in names for name in text.split(",") if name.strip()]
    asked = [pane.id if (pane := PANES.named(word)) is not None else word for word in words]
    unknown = [name for name in asked if name not in PANES and name != "all"]
    if unknown:
        raise EdgetuiError(f"There is no pane {unknown[0]}.", f"Choose from {', '.join(PANES)}, all.")
    return [Wanted(pane) for name, pane in PANES.items() if name in asked or "all" in asked]


def _of_kind(word: str) -> Wanted:
    """A pane by its name or by a kind of it; else a pane of a kind that clusters may serve."""
    if word.lower() in PANES:
        return Wanted(PANES[word.lower()])
    kind = KINDS.find(word)
    pane = PANES.of(kind.id) if kind is not None else None
    if kind is None or pane is None or kind.id in pane.optional:
        return Wanted(KindPane(word), word=word)
    return Wanted(pane, {kind.id} if len(pane.kinds) > 1 else set())


def nearest(word: str, known: Iterable[str]) -> str:
    """The next step for a word that no cluster knows: what it may have been meant for."""
    near = get_close_matches(word.lower(), [*PANES, *known], n=1)
    return f"Did you mean {near[0]}?" if near else "kubectl api-resources lists what they serve."
