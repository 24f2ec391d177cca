"""The three kinds of patch the API server applies: JSON Patch, merge patch and strategic merge patch.

RFC 6902, RFC 7386, and the strategic rules of apimachinery's `strategicpatch` as far as the served kinds need
them. Every function returns a new object and leaves its arguments alone.
"""

from __future__ import annotations

import copy
from typing import Any

from edgetui.demo.status import broken_patch

MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "volumes": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "conditions": "type",
    "ownerReferences": "uid",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "taints": "key",
    "addresses": "type",
    "topologySpreadConstraints": "topologyKey",
}
_PRIMITIVE_SETS = {"finalizers"}
_PORT_KEYS = ("containerPort", "port")


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def json_patch(target: Any, operations: Any) -> Any:
    """RFC 6902. Raises StatusError 422, the same for a failed `test` as for an operation that cannot be applied."""
    if not isinstance(operations, list):
        raise broken_patch()
    result = copy.deepcopy(target)
    for operation in operations:
        try:
            result = _apply(result, operation)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            raise broken_patch() from None
    return result


def strategic_merge(target: Any, patch: Any) -> Any:
    """Merges like `kubectl patch` does by default: lists of named things merge by their key, others replace."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    directive = patch.get("$patch")
    if directive == "replace":
        return copy.deepcopy({k: v for k, v in patch.items() if k != "$patch"})
    if directive == "delete":
        return {}
    result = dict(target) if isinstance(target, dict) else {}
    if "$retainKeys" in patch:
        result = {k: v for k, v in result.items() if k in patch["$retainKeys"]}
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            field = key.partition("/")[2]
            result[field] = [item for item in result.get(field) or [] if item not in value]
        elif key.startswith("$"):
            continue
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, list):
            result[key] = _merge_list(key, result.get(key), value)
        else:
            result[key] = strategic_merge(result.get(key), value)
    return result


def _merge_list(field: str, old: Any, new: list[Any]) -> list[Any]:
    kept = list(old) if isinstance(old, list) else []
    if field in _PRIMITIVE_SETS:
        return kept + [item for item in new if item not in kept]
    key = MERGE_KEYS.get(field) or _port_key(field, new)
    if key is None or any(not isinstance(item, dict) for item in new):
        return copy.deepcopy([item for item in new if item != {"$patch": "replace"}])
    if any(item.get("$patch") == "replace" for item in new):
        return copy.deepcopy([item for item in new if "$patch" not in item])
    for item in new:
        index = next((i for i, have in enumerate(kept) if have.get(key) == item.get(key)), None)
        if item.get("$patch") == "delete":
            kept = [have for have in kept if have.get(key) != item.get(key)]
        elif index is None:
            kept.append(strategic_merge({}, item))
        else:
            kept[index] = strategic_merge(kept[index], item)
    return kept


def _port_key(field: str, new: list[Any]) -> str | None:
    if field != "ports":
        return None
    return next(
        (key for key in _PORT_KEYS if all(isinstance(item, dict) and key in item for item in new)), None
    )


def _apply(document: Any, operation: dict[str, Any]) -> Any:
    verb, path = operation["op"], _pointer(operation["path"])
    if verb == "test":
        if _read(document, path) != operation["value"]:
            raise ValueError(operation["path"])
        return document
    if verb in ("move", "copy"):
        source = _pointer(operation["from"])
        value = copy.deepcopy(_read(document, source))
        if verb == "move":
            document = _change(document, source, "remove", None)
        return _change(document, path, "add", value)
    value = None if verb == "remove" else copy.deepcopy(operation["value"])
    return _change(document, path, verb, value)


def _pointer(text: str) -> list[str]:
    if text and not text.startswith("/"):
        raise ValueError(text)
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _read(document: Any, path: list[str]) -> Any:
    for part in path:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def _change(document: Any, path: list[str], verb: str, value: Any) -> Any:
    if verb not in ("add", "replace", "remove"):
        raise ValueError(verb)
    if not path:
        return value
    parent, last = _read(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        if verb == "add":
            parent.insert(len(parent) if last == "-" else _index(parent, last), value)
        elif verb == "replace":
            parent[int(last)] = value
        else:
            del parent[int(last)]
    elif verb == "remove":
        del parent[last]
    else:
        if verb == "replace" and last not in parent:
            raise KeyError(last)
        parent[last] = value
    return document


def _index(parent: list[Any], text: str) -> int:
    index = int(text)
    if not 0 <= index <= len(parent):
        raise IndexError(text)
    return index
