"""`edgetui audit`: what edgetui did from this machine, for a ticket or whoever takes over. It asks no cluster.

Exit codes: 0 printed; 2 wrong usage, or the record cannot be read.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from edgetui.actions.gate.audit import AuditLog, default_path
from edgetui.actions.gate.handover import Act, acts
from edgetui.model.cells import visible

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="edgetui audit",
        description="Print what edgetui did from this machine, the newest first: who, when, from what to what, what "
        "came of it, and whether undo takes it back. Refused and unsent attempts are among it.",
        epilog="Exit codes: 0 printed, 2 wrong usage, or the record cannot be read.",
    )
    add = parser.add_argument
    add(
        "--since",
        metavar="AGE",
        type=_age,
        default=_UNITS["d"],
        help="how far back: 30m, 1h, 7d (default 1d)",
    )
    add("--json", action="store_true", help="print one JSON object on stdout")
    add("--file", metavar="FILE", type=Path, default=None, help="another record than this user's own")
    options = parser.parse_args(argv)
    log = AuditLog(options.file or default_path())
    found = acts(log.recent(since=time.time() - options.since))
    if options.json:
        listed = [_plain(one) for one in found]
        sys.stdout.write(json.dumps({"record": str(log.path), "actions": listed}) + "\n")
        return 0
    for one in found:
        sys.stdout.write("".join(f"{visible(line)}\n" for line in lines_of(one)))
    if not found:
        sys.stderr.write("edgetui did nothing from this machine in that time.\n")
    return 0


def lines_of(one: Act) -> list[str]:
    """One act as text: when, who, where and what; then what came of it."""
    when = datetime.fromtimestamp(one.time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    place = f" in {one.namespace}" if one.namespace else ""
    end = [one.said, one.change, "undo takes it back" if one.undoable else ""]
    lines = [
        f"{when}  {one.who}  {one.cluster}: {one.words}{place}",
        f"    {'; '.join(part for part in end if part)}",
    ]
    return lines if one.well or not one.message else [*lines, f"    {one.message}"]


def _plain(one: Act) -> dict[str, object]:
    found: dict[str, object] = msgspec.structs.asdict(one)
    found["time"] = datetime.fromtimestamp(one.time, UTC).isoformat(timespec="seconds")
    return found


def _age(text: str) -> float:
    match = re.fullmatch(r"([0-9]{1,9})([smhdw])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"“{text}” is no age such as 30m, 1h or 7d")
    return float(int(match[1]) * _UNITS[match[2]])
