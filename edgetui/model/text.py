"""Numbers, times and foreign text as a person reads them: ages, durations, quantities, cleaned messages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from math import ceil

from edgetui.model.cells import visible

MAX_MESSAGE = 200

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_SPANS = ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "m"), (_MINUTE, "m", 1, "s"))
_JOINERS = "\u200c\u200d"  # parts of scripts and of emoji
_QUANTITY = re.compile(r"([+-]?[0-9]*\.?[0-9]+\.?)(?:([eE][+-]?[0-9]+)|(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]))?\Z")
_SPAN = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(ms|[smhdw])")
_PLAIN_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?")
_SPAN_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_MOST_QUANTITY = 2.0**64  # the API caps quantities at 2**63
_SCALE = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
    "Pi": 2.0**50,
    "Ei": 2.0**60,
}


def clean(text: str | None, limit: int = MAX_MESSAGE) -> str:
    """Foreign text for one line of a sentence: only what may be shown, no two spaces in a row, bounded."""
    if not text:
        return ""
    if len(text) > 4 * limit:
        text = text[: 4 * limit]
    text = " ".join(visible(text).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def escaped(text: str) -> str:
    """The text with every character that a terminal obeys, or that reorders its line, as in JSON: "\\u202e"."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else _escape(c) for c in text)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def elide_middle(text: str | None, limit: int = MAX_MESSAGE) -> str:
    """`clean`, but cut in the middle: an error that wraps others names the object first and the cause last."""
    if not text:
        return ""
    if len(text) > 8 * limit:
        text = text[: 4 * limit] + text[-4 * limit :]
    text = clean(text, len(text))
    head = limit // 3
    return text if len(text) <= limit else f"{text[:head]}…{text[head + 1 - limit :]}"


def seconds_of(text: str) -> float | None:
    """Seconds of a time as kubectl takes it ("90s", "1h30m", "500ms", "1.5h"), with d and w for days and weeks.

    A number alone is seconds. None for anything else.
    """
    text = text.strip()
    if _PLAIN_SECONDS.fullmatch(text):
        return float(text)
    parts = list(_SPAN.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        return None
    return sum(float(part[1]) * _SPAN_UNITS[part[2]] for part in parts)


def unix(timestamp: str | None) -> int:
    """Unix seconds of an RFC 3339 timestamp; 0 for none, for nonsense and before 1970."""
    if not timestamp:
        return 0
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, int(moment.timestamp()))


def age(seconds: float) -> str:
    """How long ago, in at most four columns: "12s", "4m", "3h", "9d", "3y"; the future counts as now."""
    total = max(0, int(seconds))
    if total < _MINUTE:
        return f"{total}s"
    if total < _HOUR:
        return f"{total // _MINUTE}m"
    if total < _DAY:
        return f"{total // _HOUR}h"
    if total < 1000 * _DAY:
        return f"{total // _DAY}d"
    return f"{total // (365 * _DAY)}y"


def ago(then: float, now: float) -> str:
    """`age` of a Unix time; "-" when it is 0, which means never or unknown."""
    return age(now - then) if then else "-"


def duration(seconds: float) -> str:
    """A span in its two largest units: "45s", "2m10s", "10m", "1h5m", "3d4h"."""
    total = max(0, int(seconds))
    for size, unit, below, low in _SPANS:
        if total >= size:
            rest = total % size // below
            return f"{total // size}{unit}{rest}{low}" if rest else f"{total // size}{unit}"
    return f"{total}s"


def quantity(text: str | None) -> float | None:
    """The number behind a Kubernetes quantity ("100m", "1Gi", "12e6"); None when it is not one."""
    match = _QUANTITY.match(text.strip()) if text else None
    if match is None:
        return None
    number, exponent, suffix = match.groups()
    value = float(number + (exponent or "")) * _SCALE.get(suffix or "", 1.0)
    return value if abs(value) < _MOST_QUANTITY else None


def parse_cpu(text: str | None) -> int | None:
    """A cpu quantity in thousandths of a core, rounded up as the API does; None when it is not one."""
    number = quantity(text)
    return None if number is None else ceil(round(number * 1000, 6))


def whole(text: str | None) -> int | None:
    """A memory or count quantity as a whole number, rounded up; None when it is not one."""
    number = quantity(text)
    return None if number is None else ceil(number)


def cpu(millicores: int) -> str:
    """Cores in at most four columns: "93m", "1.5", "12"."""
    if millicores < 1000:
        return f"{millicores}m"
    cores = millicores / 1000
    return f"{cores:.1f}".removesuffix(".0") if cores < 100 else f"{cores:.0f}"


def memory(size: int) -> str:
    """Bytes in at most five columns, in binary units: "512Mi", "1.2Gi"."""
    value, unit = float(size), ""
    for larger in ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"):
        if value < 999.5:
            break
        value, unit = value / 1024, larger
    if not unit or value >= 9.95:
        return f"{value:.0f}{unit}"
    return f"{value:.1f}".removesuffix(".0") + unit


NO_RATE = "0"
"""A rate that is too little to be told apart from nothing."""


def rate(per_second: float) -> str:
    """Bytes per second: "0.3 KiB/s", "12 KiB/s", "1.5 MiB/s", or NO_RATE."""
    value, unit = per_second / 1024, "KiB/s"
    if value < 0.05:
        return NO_RATE
    if value >= 999.5:
        value, unit = value / 1024, "MiB/s"
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"


def percent(part: float, of: float) -> str:
    """`part` of `of` as "42%"; "-" when there is nothing to compare with."""
    return f"{round(100 * part / of)}%" if of else "-"


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 pod", "3 pods"."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def verb(count: int, one: str, many: str) -> str:
    """The form that agrees with as many: "1 pod waits", "3 pods wait"; "1 of 3 voters goes"."""
    return one if count == 1 else many
