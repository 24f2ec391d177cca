"""Replace scalars of a YAML or JSON text and leave every other byte as it is.

The place of a scalar comes from the parser's own marks, so quoting, comments, flow style, block scalars, line
ends and indentation around it stay. What cannot be replaced without touching something else is refused: a
value with an anchor or a tag, an alias, a value that stands elsewhere through an alias or a merge key. The
result is read again and compared: it differs from the original in those scalars only, or nothing is returned.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig import yaml_file

Place = tuple[str, ...]
"""Keys below a kubeconfig user, for example ("token",)."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*\Z")


class Untouchable(KubeconfigError):
    """The text is written in a way that a scalar in it cannot be replaced alone."""


def replace_for_user(data: bytes, user: str, changes: Mapping[Place, str], shown: str) -> bytes:
    """`data` with the scalars at `changes` below the user called `user` replaced.

    `shown` is what the file is called in sentences. Raises KubeconfigError when the file cannot be read or the
    user or a scalar is not there, Untouchable when it stands there in a way that must be changed by hand.
    """
    before = yaml_file.parse(data, shown)
    mark, text = _decode(data, shown)
    below = _user_node(_compose(text, shown), user, shown)
    edits = []
    for place, value in changes.items():
        node = below
        for key in place:
            node = _value(node, key, shown)
        edits.append(_edit(text, node, value, place, shown))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    result = mark + text.encode()
    if _with_changes(before, user, changes) != _stripped(yaml_file.parse(result, shown), user, changes):
        raise Untouchable(
            f"{shown} uses the value that is to be replaced in another place as well, or in an unusual way.",
            "Change it by hand.",
        )
    return result


def user_fields(data: bytes, user: str, shown: str) -> Mapping[str, Any]:
    """The fields of one kubeconfig user; raises KubeconfigError when there is not exactly one of that name."""
    content = yaml_file.parse(data, shown)
    listed = content.get("users") if isinstance(content, dict) else None
    users = listed if isinstance(listed, list) else []
    found = [u for u in users if isinstance(u, dict) and u.get("name") == user]
    if len(found) != 1 or not isinstance(found[0].get("user"), dict):
        raise _missing_user(user, shown, len(found))
    fields: Mapping[str, Any] = found[0]["user"]
    return fields


def _decode(data: bytes, shown: str) -> tuple[bytes, str]:
    """A byte order mark, if there is one, and the text behind it."""
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    try:
        return mark, data[len(mark) :].decode("utf-8")
    except UnicodeDecodeError:
        raise Untouchable(f"{shown} is not UTF-8.", "Save it as UTF-8.") from None


def _compose(text: str, shown: str) -> yaml.Node:
    try:
        node = yaml_file.compose_first(text)
    except yaml.YAMLError:
        try:
            # JSON may be indented with tabs, which YAML forbids; inside JSON strings there are none.
            json.loads(text)
            node = yaml_file.compose_first(text.replace("\t", " "))
        except (ValueError, yaml.YAMLError):
            raise Untouchable(
                f"{shown} is written in a way that edgetui cannot edit.", "Change it by hand."
            ) from None
    if node is None:
        raise KubeconfigError(f"{shown} is empty.", "Check that this is the file you mean.")
    return node


def _user_node(root: yaml.Node, user: str, shown: str) -> yaml.Node:
    users = _value(root, "users", shown)
    if not isinstance(users, yaml.SequenceNode):
        raise _missing_user(user, shown, 0)
    found = []
    for item in users.value:
        names = [v for k, v in item.value if k.value == "name"] if isinstance(item, yaml.MappingNode) else []
        if names and names[-1].value == user:
            found.append(item)
    if len(found) != 1:
        raise _missing_user(user, shown, len(found))
    _refuse_alias(found[0], users, shown)
    return _value(found[0], "user", shown)


def _missing_user(user: str, shown: str, count: int) -> KubeconfigError:
    what = "more than one user" if count > 1 else "no user"
    return KubeconfigError(f"{shown} has {what} called {user}.", "Correct it, then try again.")


def _value(node: yaml.Node, key: str, shown: str) -> yaml.Node:
    """The value of `key`, written right there: not through an alias or a merge, not twice."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    found = [(k, v) for k, v in pairs if isinstance(k, yaml.ScalarNode) and k.value == key]
    if not found:
        raise KubeconfigError(f"{shown} has no {key} where edgetui would replace it.", "Change it by hand.")
    if len(found) > 1:
        raise Untouchable(f"{shown} has {key} twice in one place.", "Remove one of the two.")
    written_at: yaml.Node = found[0][0]
    value: yaml.Node = found[0][1]
    _refuse_alias(value, written_at, shown)
    return value


def _refuse_alias(node: yaml.Node, after: yaml.Node, shown: str) -> None:
    """An alias leads to a node that begins before the place where it is used."""
    if node.start_mark.index < after.start_mark.index:
        raise Untouchable(f"{shown} uses a YAML alias (*) for this user's credentials.", "Change it by hand.")


def _edit(text: str, node: yaml.Node, value: str, place: Place, shown: str) -> tuple[int, int, str]:
    """(start, end, new text) for one scalar."""
    start, end = node.start_mark.index, node.end_mark.index
    if not isinstance(node, yaml.ScalarNode):
        raise Untouchable(f"{shown} has a {place[-1]} that is not text.", "Change it by hand.")
    written = text[start:end]
    if written.startswith(("&", "!", "*")):
        raise Untouchable(
            f"{shown} has a YAML anchor or tag on its {place[-1]}.", "Remove it, or change the value by hand."
        )
    if not written.strip() or node.tag != "tag:yaml.org,2002:str":
        raise Untouchable(
            f"{shown} has no text as its {place[-1]}.", "Put one there in quotes, then try again."
        )
    if written[0] in "|>":
        return start, end, _block(written, value)
    quote = written[0] if written[0] in "\"'" else ""
    if not quote and not (_PLAIN.match(value) and yaml_file.parse(value.encode(), shown) == value):
        quote = '"'
    if quote == "'":
        return start, end, "'" + value.replace("'", "''") + "'"
    return start, end, json.dumps(value) if quote else value


def _block(written: str, value: str) -> str:
    """A block scalar with one line of content instead of what it had; header, indentation, line ends kept."""
    header, *lines = written.splitlines(keepends=True)
    first = next(line for line in lines if line.strip())
    body = first.rstrip("\r\n")
    line = body[: len(body) - len(body.lstrip(" "))] + value + first[len(body) :]
    filled = max(i for i, line in enumerate(lines) if line.strip())
    return header + line + "".join(lines[filled + 1 :])


def _with_changes(content: Any, user: str, changes: Mapping[Place, str]) -> Any:
    return _stripped(content, user, changes, replaced=True)


def _stripped(content: Any, user: str, changes: Mapping[Place, str], replaced: bool = False) -> Any:
    """A copy of `content` with the changed scalars stripped of spaces, or with the new values in their place.

    Copying takes aliases apart, so that a change seen in two places shows as a difference.
    """
    whole = _copied(content)
    for item in whole["users"]:
        if not isinstance(item, dict) or item.get("name") != user:
            continue
        for place, value in changes.items():
            below = item["user"]
            for key in place[:-1]:
                below = below[key]
            below[place[-1]] = value if replaced else str(below[place[-1]]).strip()
    return whole


def _copied(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _copied(value) for key, value in content.items()}
    return [_copied(value) for value in content] if isinstance(content, list) else content
