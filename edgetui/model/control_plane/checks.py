"""The checks that an API server makes of itself, as `/readyz?verbose` tells them (k8s.io/apiserver, server/healthz)."""

from __future__ import annotations

import re
from typing import NamedTuple

from edgetui.model.text import clean

_LINE = re.compile(r"\[([+-])\](\S+)\s*(.*)")


class Checks(NamedTuple):
    """How many checks were made, and those that failed, each with what is said of it."""

    made: int
    failed: tuple[tuple[str, str], ...] = ()


def checks_of(text: str) -> Checks | None:
    """The checks of an answer; None where it names none, as that of a proxy or of a server without `verbose`."""
    count, failed = 0, []
    for row in text.splitlines():
        if match := _LINE.match(row.strip()):
            sign, name, said = match.groups()
            count += 1
            if sign == "-":
                failed.append((clean(name, 80), clean(said.removeprefix("failed:"), 120)))
    return Checks(count, tuple(failed)) if count else None
