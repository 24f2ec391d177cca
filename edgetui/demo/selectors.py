"""Label selectors (equality and set based) and the field selectors that clients of this API use."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from edgetui.demo.status import StatusError
from edgetui.demo.storage import Entry

Labels = dict[str, str]

_SET = re.compile(r"^\s*(\S+)\s+(in|notin)\s+\(([^)]*)\)\s*$")
_TERM = re.compile(r"[^,(]*\([^)]*\)|[^,]+")
_FIELDS = {
    "metadata.name",
    "metadata.namespace",
    "spec.nodeName",
    "status.phase",
    "type",
    "reason",
    "source",
    "involvedObject.kind",
    "involvedObject.name",
    "involvedObject.namespace",
    "involvedObject.uid",
}
_ELSEWHERE = {"source": "source.component"}
"""Where the value of a field label stands that is not called after its place."""


def labels_match(selector: str) -> Callable[[Labels], bool]:
    """A test of one object's labels. Raises StatusError 400 for a selector that cannot be read."""
    tests = [_label_term(term.strip()) for term in _TERM.findall(selector) if term.strip()]
    return lambda labels: all(test(labels) for test in tests)


def fields_match(selector: str, resource: str) -> Callable[[str, str, Entry | bytes], bool] | None:
    """A test of (namespace, name, object bytes); None when nothing is asked. Raises StatusError 400."""
    terms: list[tuple[str, str, bool]] = []
    for term in filter(None, (part.strip() for part in selector.split(","))):
        field, sign, value = re.split(r"(!=|==|=)", term, maxsplit=1) if "=" in term else (term, "", "")
        if field not in _FIELDS or not sign:
            message = (
                f'Unable to find "{resource}" that match label selector "", field selector "{selector}": '
            )
            raise StatusError(400, f"{message}field label not supported: {field}")
        terms.append((field, value, sign != "!="))
    if not terms:
        return None

    def test(namespace: str, name: str, stored: Entry | bytes) -> bool:
        decoded: Any = None
        for field, value, equal in terms:
            if field == "metadata.name":
                found = name
            elif field == "metadata.namespace":
                found = namespace
            else:
                if decoded is None:
                    decoded = json.loads(stored.raw if isinstance(stored, Entry) else stored)
                found = _dig(decoded, _ELSEWHERE.get(field, field))
            if (found == value) is not equal:
                return False
        return True

    return test


def _dig(obj: Any, path: str) -> str:
    for part in path.split("."):
        obj = obj.get(part) if isinstance(obj, dict) else None
    return "" if obj is None else str(obj)


def _label_term(term: str) -> Callable[[Labels], bool]:
    found = _SET.match(term)
    if found:
        key, verb, listed = found.groups()
        values = {value.strip() for value in listed.split(",")}
        if verb == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if "!=" in term:
        key, _, value = (part.strip() for part in term.partition("!="))
        return lambda labels: labels.get(key) != value
    if "=" in term:
        key, _, value = (part.strip() for part in term.replace("==", "=").partition("="))
        return lambda labels: labels.get(key) == value
    if term.startswith("!"):
        return lambda labels: term[1:].strip() not in labels
    if re.fullmatch(r"[\w./-]+", term):
        return lambda labels: term in labels
    raise StatusError(400, f'unable to parse requirement: found "{term}", expected: identifier')
