"""What stands in kubeconfig files: named clusters, users and contexts, with the file each came from.

Field by field this follows client-go's `tools/clientcmd/api/v1` and its merge rules (`loader.go`): in a
KUBECONFIG list the first file to give a name wins as a whole, the first to set current-context wins, and
relative paths start at the file that holds them.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig import yaml_file
from edgetui.model.redacted import Discreet
from edgetui.model.text import clean


class NotAKubeconfig(KubeconfigError):
    """A readable file that holds something else."""


_SECTIONS = (("clusters", "cluster"), ("users", "user"), ("contexts", "context"))
_FIELDS = frozenset(
    {"apiVersion", "kind", "current-context", "preferences", *(name for name, _ in _SECTIONS)}
)


class Entry(Discreet, frozen=True):
    """One named cluster, user or context. `twice` says that its file names it more than once."""

    SHOWN = ("kind", "name", "file", "twice")

    kind: str
    name: str
    file: Path
    fields: Mapping[str, Any]
    twice: bool = False

    @property
    def title(self) -> str:
        """The entry in a sentence: "user ops in plant.yaml"."""
        return f"{self.kind} {clean(self.name, 80)} in {clean(self.file.name)}"

    def wrong(self, what: str, step: str = "") -> KubeconfigError:
        """A KubeconfigError about this entry: "The <entry> <what>."."""
        error = KubeconfigError(
            f"The {self.title} {what}.", step or f"Correct it in {clean(str(self.file))}."
        )
        error.about = self.kind
        return error

    def text(self, key: str) -> str:
        """A text field, "" when absent or null; a number or a list raises, as kubectl refuses it too."""
        value = self.fields.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.wrong(
                f"has {_a(key)} that is not text", f"Put quotes around it in {clean(str(self.file))}."
            )
        return value

    def flag(self, key: str) -> bool:
        value = self.fields.get(key)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self.wrong(f"has {_a(key)} that is neither true nor false")
        return value

    def decoded(self, key: str) -> bytes | None:
        """A base64 field, None when absent or empty."""
        text = "".join(self.text(key).split())
        if not text:
            return None
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise self.wrong(f"has {_a(key)} that is not valid base64") from None

    def path(self, key: str) -> Path | None:
        """A file reference, absolute; None when absent."""
        text = self.text(key)
        return beside(self.file, text) if text else None

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.fields.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(f"has {_a(key)} that is not a list of texts")
        return tuple(value)

    def part(self, key: str) -> Entry | None:
        """A nested mapping as an entry of its own, None when absent."""
        value = self.fields.get(key)
        if value is None:
            return None
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise self.wrong(f"has {_a(key)} that is not a mapping of names")
        return Entry(self.kind, self.name, self.file, value)

    def extension(self, name: str) -> Any:
        """What the extension called `name` holds, None when there is none."""
        listed = self.fields.get("extensions")
        for item in listed if isinstance(listed, list) else ():
            if isinstance(item, dict) and item.get("name") == name:
                return item.get("extension")
        return None


def _a(key: str) -> str:
    """The name of a field with its article."""
    return f"an {key}" if key.startswith(tuple("aeio")) else f"a {key}"


def beside(file: Path, text: str) -> Path:
    """The path that `file` means by `text`, cleaned as Go's filepath.Join does."""
    return Path(os.path.normpath(file.parent / text))


class Document(msgspec.Struct):
    """The entries of one kubeconfig, or of several merged ones; `files` in order of precedence."""

    files: tuple[Path, ...]
    clusters: dict[str, Entry] = msgspec.field(default_factory=dict)
    users: dict[str, Entry] = msgspec.field(default_factory=dict)
    contexts: dict[str, Entry] = msgspec.field(default_factory=dict)
    current_context: str = ""

    @property
    def empty(self) -> bool:
        """Nothing in it, which is how kubectl leaves a file after the last entry is deleted."""
        return not (self.clusters or self.users or self.contexts or self.current_context)


def read(file: Path) -> Document:
    """The kubeconfig in `file`; raises KubeconfigError when the file as a whole cannot be used."""
    shown = clean(str(file))
    content = yaml_file.parse(yaml_file.read_bounded(file), shown)
    document = Document(files=(file,))
    if content is None:
        return document
    if not isinstance(content, dict):
        raise NotAKubeconfig(
            f"{shown} is not a kubeconfig: it holds no mapping.", "Check that this is the file you mean."
        )
    kind = content.get("kind")
    if kind not in (None, "", "Config"):
        raise NotAKubeconfig(
            f"{shown} is not a kubeconfig: it holds a {clean(str(kind), 60)}.",
            "Check that this is the file you mean.",
        )
    if content and not _FIELDS & content.keys():
        raise NotAKubeconfig(
            f"{shown} is not a kubeconfig: it has no clusters, users or contexts.",
            "Check that this is the file you mean.",
        )
    for section, inner in _SECTIONS:
        _fill(getattr(document, section), content.get(section), inner, file)
    current = content.get("current-context")
    document.current_context = current if isinstance(current, str) else ""
    return document


def _fill(entries: dict[str, Entry], listed: Any, inner: str, file: Path) -> None:
    """The entries of one section; a list item without name or content spoils the whole file, as in kubectl."""
    shown = clean(str(file))
    if listed is None:
        return
    if not isinstance(listed, list):
        raise KubeconfigError(f"{shown}: {inner}s is not a list.", f"Correct it in {shown}.")
    for number, item in enumerate(listed, 1):
        if item is None:
            continue
        name = item.get("name", "") if isinstance(item, dict) else None
        if not isinstance(name, str):
            raise KubeconfigError(
                f"{shown}: {inner} number {number} has no name that is text.",
                "Give it one, in quotes if it is a number.",
            )
        fields = item.get(inner)
        if fields is not None and not isinstance(fields, dict):
            raise KubeconfigError(
                f"{shown}: {inner} {clean(name, 80)} is not a mapping.", f"Correct it in {shown}."
            )
        entries[name] = Entry(inner, name, file, fields or {}, twice=name in entries)


def merge(documents: Iterable[Document]) -> Document:
    """One document out of a KUBECONFIG list, first file first."""
    merged = Document(files=())
    for document in documents:
        merged.files += document.files
        for section, _ in _SECTIONS:
            kept = getattr(merged, section)
            for name, entry in getattr(document, section).items():
                kept.setdefault(name, entry)
        merged.current_context = merged.current_context or document.current_context
    return merged
