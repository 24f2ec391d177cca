"""`edgetui audit`: what edgetui did from this machine, for a ticket or whoever takes over. It asks no cluster.

Exit codes: 0 printed; 2 wrong usage, or the record cannot be read.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from edgetui.actions.gate.audit import AuditLog, default_path
from edgetui.actions.gate.handover import Act, acts
from edgetui.arguments import Parser, past
from edgetui.model.cells import visible


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = Parser(
        "audit",
        "Print what edgetui did from this machine, the newest first: who, when, from what to what, what "
        "came of it, and whether undo takes it back. Refused and unsent attempts are among it.",
        "Exit codes: 0 printed, 2 wrong usage, or the record cannot be read.",
    )
    add = parser.add_argument
    add(
        "--since",
        metavar="AGE",
        type=past,
        default=86400.0,
        help="how far back: 30m, 1h, 7d (default 1d)",
    )
    add("--json", action="store_true", help="print one JSON object on stdout")
    add("--file", metavar="FILE", type=Path, default=None, help="another record than this user's own")
    options = parser.parse_words(argv)
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
