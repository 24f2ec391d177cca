"""The text of an object in an editor, and the object of the text: a header of comments, then YAML.

What only the server writes stays out of it: `status`, which a write to the object itself leaves alone where the kind
has a status subresource, and `metadata.managedFields`. YAML means here what it means to kubectl (Go's YAML); a key that
stands twice is refused, because one of the two would be lost.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from edgetui.cluster.errors import EdgetuiError, KubeconfigError
from edgetui.cluster.kubeconfig.yaml_file import PlainLoader, check_depth, check_unfolded
from edgetui.model.manifest import text_of
from edgetui.model.text import clean

Json = dict[str, Any]
MOST_BYTES = 8 * 1024 * 1024
"""An object in etcd has at most 1.5 MiB."""
IDENTITY: tuple[tuple[str, ...], ...] = (
    ("apiVersion",),
    ("kind",),
    ("metadata", "name"),
    ("metadata", "namespace"),
)
SERVERS: tuple[tuple[str, ...], ...] = tuple(
    ("metadata", name)
    for name in (
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
    )
)
"""What the server alone sets: may be left out of the text, but not be changed."""
LEFT_OUT: tuple[tuple[str, ...], ...] = (("status",), ("metadata", "managedFields"))
_FLOAT = "tag:yaml.org,2002:float"
_MERGE = "tag:yaml.org,2002:merge"
_COMMENT = re.compile(r"[ \t]*#[^\n]*(?:\n|\Z)")


class _Loader(PlainLoader):
    """Numbers with an exponent and no point are numbers, as in Go's YAML and JSON: 1e-07."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as in its base
        first: [(_FLOAT, re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+\Z")), *pairs]
        for first, pairs in PlainLoader.yaml_implicit_resolvers.items()
    }


class NotRead(EdgetuiError):
    """The text is no object that could be written. `line` counts from 1 in the text as it was read, 0 for the whole."""

    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(f"Line {line}: {sentence}" if line else sentence)
        self.line = line


def editable(obj: Mapping[str, Any]) -> Json:
    """The object without what an edit leaves alone."""
    made = {key: value for key, value in obj.items() if key != "status"}
    if isinstance(metadata := made.get("metadata"), Mapping):
        made["metadata"] = {key: value for key, value in metadata.items() if key != "managedFields"}
    return made


def body_of(obj: Mapping[str, Any]) -> str:
    """The YAML that is edited."""
    return text_of(editable(obj))


def with_header(body: str, about: str, why: Sequence[str] = ()) -> str:
    """The text as an editor gets it: what it is about, why it is open again, and the YAML."""
    says = [
        about,
        "Lines that begin with # are ignored. An empty file, or one that was not",
        "changed, changes nothing.",
        *(["", *why] if why else []),
        "",
    ]
    return "".join(f"# {line}".rstrip() + "\n" for line in says) + body


def without_header(text: str) -> str:
    """The text from its first line that is no comment; what a person wrote above that goes with the header."""
    at = 0
    while found := _COMMENT.match(text, at):
        at = found.end()
    return text[at:]


def decoded(data: bytes) -> str:
    """The text of a file, with \\n between its lines. Raises NotRead for one that is no UTF-8."""
    if len(data) > MOST_BYTES:
        raise NotRead(f"The text has more than {MOST_BYTES // 1024 // 1024} MiB, which is no object.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise NotRead("it is not UTF-8.", data.count(b"\n", 0, problem.start) + 1) from None
    return text.replace("\r\n", "\n")


def is_empty(text: str) -> bool:
    """Whether nothing but comments, blanks and document marks is in it."""
    lines = (line.strip() for line in text.splitlines())
    return all(not line or line.startswith("#") or line == "---" for line in lines)


def read_back(text: str, there: Mapping[str, Any]) -> Json:
    """The object of a text that was made of `there`, with all that an edit leaves alone as it is there.

    Raises NotRead, with the line, for what is no YAML, no object, or changes what an edit cannot change.
    """
    root = _root(text)
    try:
        typed = _value(_Loader(""), root)
    except yaml.YAMLError as problem:
        raise _no_yaml(problem, text) from None
    if not isinstance(typed, dict):
        raise NotRead("this is no object: it has no fields.", root.start_mark.line + 1)
    metadata = typed.get("metadata")
    if not isinstance(metadata, dict):
        raise NotRead("metadata is missing or has no fields.", line_of(root, ("metadata",)))
    for path in LEFT_OUT:
        if _at(typed, path) is not None:
            raise NotRead(f"{'.'.join(path)} cannot be edited.", line_of(root, path))
    for path in (*IDENTITY, *SERVERS):
        typed_there, is_there = _at(typed, path), _at(there, path)
        if typed_there == is_there or (typed_there is None and path in SERVERS):
            continue
        said = f"it is {is_there}" if is_there is not None else "it has none"
        raise NotRead(f"{'.'.join(path)} cannot be changed by an edit: {said}.", line_of(root, path))
    kept = {path[-1]: _at(there, path) for path in SERVERS if _at(there, path) is not None}
    typed["metadata"] = {**metadata, **kept}
    return typed


def _root(text: str) -> Any:
    """The nodes of the only document."""
    try:
        data = text.encode()
        check_depth(data, "the text")
        loader = _Loader(text)
        root = loader.get_node() if loader.check_node() else None
        if root is None:
            raise NotRead("There is no object in the text.")
        check_unfolded(root, "the text")
        if loader.check_node():
            again = loader.get_node().start_mark.line + 1
            raise NotRead("a second document begins here; one object is edited.", again)
    except yaml.YAMLError as problem:
        raise _no_yaml(problem, text) from None
    except KubeconfigError as problem:
        raise NotRead(f"{problem.sentence[:1].upper()}{problem.sentence[1:]}") from None
    except (ValueError, RecursionError):
        raise NotRead("The text is no YAML.") from None
    return root


def _value(loader: _Loader, node: yaml.Node) -> Any:
    """JSON data of a node. Keys are text, as they are written. Raises NotRead for what JSON has not."""
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, one) for one in node.value]
    if isinstance(node, yaml.MappingNode):
        _check_keys(node)
        loader.flatten_mapping(node)
        return {key.value: _value(loader, value) for key, value in node.value}
    try:
        value = loader.construct_object(node)
    except ValueError:
        raise NotRead(f"{clean(node.value, 40)} is no value.", node.start_mark.line + 1) from None
    if isinstance(value, float) and not math.isfinite(value):
        raise NotRead(f"{clean(node.value, 40)} is no number that JSON has.", node.start_mark.line + 1)
    if value is not None and not isinstance(value, bool | int | float | str):
        raise NotRead(f"the tag {clean(node.tag, 60)} means nothing here.", node.start_mark.line + 1)
    return value


def _check_keys(node: yaml.MappingNode) -> None:
    seen: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise NotRead("a key is one word or text, no list and no mapping.", line)
        if key.tag == _MERGE:
            continue
        if key.value in seen:
            name = clean(key.value, 80)
            raise NotRead(
                f"“{name}” stands there a second time; the first is on line {seen[key.value]}.", line
            )
        seen[key.value] = line


def line_of(root: yaml.Node, path: Sequence[str]) -> int:
    """The line of a field, or of what comes nearest to it, from 1."""
    node, line = root, root.start_mark.line + 1
    for name in path:
        pairs: Iterator[Any] = iter(node.value) if isinstance(node, yaml.MappingNode) else iter(())
        found = next(((key, value) for key, value in pairs if key.value == name), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def _no_yaml(problem: yaml.YAMLError, text: str) -> NotRead:
    """What is wrong with the YAML, and where; never a piece of the text."""
    mark = getattr(problem, "problem_mark", None)
    if mark is None:
        at: int = getattr(problem, "position", 0)
        line = text.encode().count(b"\n", 0, at) + 1
        return NotRead("a character stands there that YAML does not take.", line)
    said = str(getattr(problem, "problem", ""))
    if "expected ':'" in said or "expected ','" in said:
        began = getattr(problem, "context_mark", mark)
        return NotRead(
            f"{clean(said, 200)} for what begins here (column {began.column + 1}).", began.line + 1
        )
    bad = "".join(text.split("\n")[mark.line : mark.line + 1])
    blank = bad[: len(bad) - len(bad.lstrip())]
    if "\t" in blank and "token" in said:
        said = "it begins with a tab, and YAML takes only blanks there"
    return NotRead(f"{clean(said, 200).rstrip('.')} (column {mark.column + 1}).", mark.line + 1)


def _at(obj: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = obj
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
