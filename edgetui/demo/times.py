"""Kubernetes' time texts: RFC 3339 in UTC, whole seconds for `Time`, microseconds for `MicroTime`."""

from __future__ import annotations

import calendar
import time


def stamp(seconds: float) -> str:
    """Unix seconds as a `metav1.Time` text."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def micro_stamp(seconds: float) -> str:
    """Unix seconds as a `metav1.MicroTime` text."""
    whole = int(seconds)
    micros = int((seconds - whole) * 1_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{micros:06d}Z"


def seconds(text: str) -> float:
    """Unix seconds of a `Time` or `MicroTime` text; the fraction is dropped."""
    parts = (text[:4], text[5:7], text[8:10], text[11:13], text[14:16], text[17:19])
    return float(calendar.timegm(tuple(map(int, parts))))
