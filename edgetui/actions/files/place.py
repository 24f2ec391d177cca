"""The two places of a copy, in the words of kubectl cp: [[NAMESPACE/]POD:]PATH (kubectl, pkg/cmd/cp/cp.go)."""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from edgetui.actions.messages import Refusal

FORMS = "Write [NAMESPACE/]POD:PATH for a file of a pod, and PATH for one of this machine."


class Place(NamedTuple):
    """A path here, or in a pod: `pod` is empty for here, `namespace` where none was said."""

    path: str
    pod: str = ""
    namespace: str = ""


def place(text: str) -> Place:
    """What a word of the command line names. Raises Refusal.

    A path that begins with "/", "./" or "../" is one of this machine, whatever colons are in it; kubectl has no way to
    name such a file.
    """
    pod, colon, path = text.partition(":")
    if not colon or text.startswith(("/", "./", "../")):
        found = Place(text)
    else:
        pieces = pod.split("/")
        if len(pieces) > 2 or not all(pieces):
            raise Refusal(f"“{text[:200]}” names no file of a pod.", FORMS)
        found = Place(path, pieces[-1], pieces[0] if len(pieces) == 2 else "")
    if not found.path:
        raise Refusal(f"“{text[:200]}” names no path.", FORMS)
    return found


class Copy(NamedTuple):
    """What is copied where: exactly one of both is in a pod."""

    source: Place
    target: Place

    @property
    def there(self) -> Place:
        """The one in a pod."""
        return self.source if self.source.pod else self.target

    @property
    def download(self) -> bool:
        """Whether it comes from a pod."""
        return bool(self.source.pod)


def copy_of(source: str, target: str) -> Copy:
    """A copy from one word to the other. Raises Refusal."""
    made = Copy(place(source), place(target))
    if made.source.pod and made.target.pod:
        raise Refusal("Both are in a pod: copy by way of this machine.", FORMS)
    if not made.source.pod and not made.target.pod:
        raise Refusal("Neither is in a pod.", FORMS)
    return made


def split(path: str) -> tuple[str, str]:
    """The directory to go to and the name in it: ("/var/log", "app.log"). Links are not resolved.

    The name is "." for a directory by its content: with a "/" behind it, or without a name of its own.
    """
    folder, name = posixpath.split(path)
    if name in ("", ".", ".."):
        return path, "."
    return folder or ".", name
