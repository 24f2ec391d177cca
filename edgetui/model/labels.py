"""The labels of objects as rows keep them, and the answer to `key=value`.

A row keeps one text, the same one for all objects with the same labels. What the row says anyway (a pod's own name,
its owner, its template) is in that text only as a mark, so that the pods of one StatefulSet or CronJob share it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from edgetui.model.kinds.base import Row

UNKNOWN = "?"
"""The labels of a row that was made without knowing them."""
_GAP, _ECHO = "\x1f", "\x1e"
_BETWEEN, _AFTER = '":"', '","'
_PLAIN = re.compile(rb'\{"[\w./-]{1,317}":"[\w.-]{0,63}"(?:,"[\w./-]{1,317}":"[\w.-]{0,63}"){0,255}\}')
_MOST_KEY, _MOST_VALUE, _MOST_LABELS = 317, 63, 256
_PARSED = 512  # 0.25 MB at most; to read labels again costs as much as the rest of a row
_MOST_SHARED = 16384

_ECHOED = {
    "statefulset.kubernetes.io/pod-name": "name",
    "apps.kubernetes.io/pod-index": "ordinal",
    "job-name": "owner_name",
    "batch.kubernetes.io/job-name": "owner_name",
    "controller-uid": "owner_uid",
    "batch.kubernetes.io/controller-uid": "owner_uid",
    "pod-template-hash": "template",
    "controller-revision-hash": "template",
    "rollouts-pod-template-hash": "template",
}
"""Labels that differ from pod to pod or from template to template, and where a row says the same."""
_TEMPLATE = tuple(key for key, field in _ECHOED.items() if field == "template")


class Labels(msgspec.Struct, frozen=True, gc=False):
    """What `metadata.labels` of an object say.

    `short` is `text` with a mark in place of each of `echoes`, which are fields of a row and what they should be.
    `template` names the template a pod was made from.
    """

    text: str = ""
    short: str = ""
    echoes: tuple[tuple[str, str], ...] = ()
    template: str = ""

    def get(self, key: str) -> str:
        """The value of one label; empty when it is empty or not there."""
        return _find(self.text, key) or ""

    def values(self) -> Mapping[str, str]:
        """All of them by key."""
        return dict(_pairs(self.text))


_DECODER: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])
_shared: dict[str, str] = {}


def read(raw: msgspec.Raw) -> Labels:
    """Labels as they arrive; those that no API server would take are left out."""
    return _parse(bytes(raw))


@lru_cache(maxsize=_PARSED)
def _parse(raw: bytes) -> Labels:
    whole = short = _text(raw)
    echoes = []
    for key, field in _ECHOED.items():
        if key in whole and (value := _find(whole, key)):
            echoes.append((field, value))
            short = short.replace(f"{_GAP}{key}={value}{_GAP}", f"{_GAP}{key}={_ECHO}{_GAP}", 1)
    template = next(filter(None, (_find(whole, key) for key in _TEMPLATE)), "")
    return Labels(whole, share(short), tuple(echoes), share(template))


def _text(raw: bytes) -> str:
    """All labels in one text; what API servers write needs no decoding."""
    if _PLAIN.fullmatch(raw):
        return f"{_GAP}{raw[2:-2].decode().replace(_BETWEEN, '=').replace(_AFTER, _GAP)}{_GAP}"
    try:
        found = _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    pairs = [f"{key}={value}" for key, value in found.items() if _possible(key, value)]
    return f"{_GAP}{_GAP.join(pairs[:_MOST_LABELS])}{_GAP}" if pairs else ""


def _possible(key: str, value: Any) -> bool:
    if not isinstance(value, str) or len(key) > _MOST_KEY or len(value) > _MOST_VALUE:
        return False
    return bool(key) and "=" not in key and f"{key}{value}".isprintable()


def share(text: str) -> str:
    """The one copy of a text of rows: labels, names, uids of owners.

    Beyond so many different ones the table begins anew, and rows keep their own: uids and names come and go for ever,
    and interned strings may stay as long as the program (they do in CPython 3.12.1).
    """
    if len(_shared) >= _MOST_SHARED:
        _shared.clear()
    return _shared.setdefault(text, text)


def kept(labels: Labels, row: Row) -> str:
    """The text for a row whose other fields are filled in."""
    for field, value in labels.echoes:
        if getattr(row, field, None) != value:
            return share(labels.text)
    return labels.short


def known(row: Row) -> bool:
    """Whether the labels of a row are known at all."""
    return row.labels != UNKNOWN


def value_of(row: Row, key: str) -> str | None:
    """The value of one label of a row, as the server has it; None when the row has no such label."""
    found = _find(row.labels, key)
    return _said(row, key) if found == _ECHO else found


def has(row: Row, key: str, value: str) -> bool:
    """Whether a row has this label. Key and value in lower case: case does not count."""
    found = _find(row.labels.lower(), key)
    return found is not None and (_said(row, key).lower() if found == _ECHO else found) == value


def values(row: Row) -> Mapping[str, str]:
    """The labels of a row by key, as the server has them."""
    return {key: _said(row, key) if value == _ECHO else value for key, value in _pairs(row.labels)}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in text.split(_GAP):
        key, equals, value = pair.partition("=")
        if equals:
            yield key, value


def _find(text: str, key: str) -> str | None:
    start = text.find(f"{_GAP}{key}=")
    if start < 0:
        return None
    start += len(key) + 2
    return text[start : text.index(_GAP, start)]


def _said(row: Row, key: str) -> str:
    """What another field of a row says about one of the labels that only have a mark; empty for any other."""
    return str(getattr(row, _ECHOED.get(key, ""), ""))
