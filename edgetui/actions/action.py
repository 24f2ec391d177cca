"""One action as the catalogue has it: what a key, a command, the menu and help need to know of it."""

from __future__ import annotations

import msgspec

from edgetui.actions.rights import Access


class Action(msgspec.Struct, frozen=True):
    """One thing a key or a command can do. One without a key is reached through another one.

    `kinds` are the Kubernetes kinds whose rows it works on; empty for an action on the cluster's own credential.
    `needs` are the rights per kind (under "" when `kinds` is empty); `verbs` are the same in words. `danger` is
    true when the action can stop what runs or lock a person out. `front` are those that a short footer still has
    room for. `module` has its Spec: "module" for SPEC in it, or "module:NAME". `undone` is whether undo can take it
    back, `at_once` whether it asks once for all marked objects. `number` is the argument of its Spec that a number
    typed behind its name answers, `text` the one that any other text does. `turns` names the field of a row that
    says that the key means another action by now, and that action; `unless` the one that says that it does not work
    now, and why in a few words; `allowed` the field of a cluster's target without which settings forbid it, and
    what allows it. `letter` chooses it in the menu of actions where it has no key. One with a verb in `any_kind`
    works on every object, with that right and `get`. `only_once` is one that nobody wants twice at a time on the
    same object; `to_its_end` one that ends by itself, and that half done would lock a person out. What is
    `on_terminal` has no Spec: it takes the terminal while it runs. `group` is where help lists its command, `forms`
    are the other names of that command, those of kubectl among them, and `example` is what may follow the first of
    all names. `instead` names the action that its key and its command mean on objects of a kind, where another one
    does it; `left` is a sentence on why nothing does it for objects of a kind.
    """

    id: str
    key: str
    label: str
    help: str
    needs: dict[str, tuple[Access, ...]]
    danger: bool = False
    front: bool = False
    module: str = ""
    undone: bool = False
    at_once: bool = False
    number: str = ""
    text: str = ""
    turns: tuple[str, str] = ("", "")
    unless: tuple[str, str] = ("", "")
    allowed: tuple[str, str] = ("", "")
    letter: str = ""
    any_kind: str = ""
    only_once: bool = False
    to_its_end: bool = False
    on_terminal: bool = False
    group: str = "pods"
    forms: tuple[str, ...] = ()
    example: str = ""
    instead: dict[str, str] = {}
    left: dict[str, str] = {}

    @property
    def on_cluster(self) -> bool:
        """Whether it is about the cluster itself, and no object of it."""
        return not self.any_kind and not self.kinds

    def works_on(self, kind: str) -> bool:
        """Whether it works on objects of a kind, or on the cluster itself."""
        return bool(self.any_kind) or self.on_cluster or kind in self.kinds

    def rights(self, kind: str, group: str = "", plural: str = "") -> tuple[Access, ...]:
        """The rights that it needs for a kind; `group` and `plural` name the resource for one of any kind."""
        if self.any_kind:
            return tuple(Access(verb, plural, group) for verb in dict.fromkeys((self.any_kind, "get")))
        return self.needs.get(kind) or self.needs.get("", ())

    @property
    def heading(self) -> str:
        """The label as a sentence begins."""
        return self.label[:1].upper() + self.label[1:]

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(kind for kind in self.needs if kind)

    @property
    def verbs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(a.words for needs in self.needs.values() for a in needs))
