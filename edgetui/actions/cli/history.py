"""`edgetui rollout history`: the revisions of a workload, with the lines of kubectl (polymorphichelpers/history.go)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from edgetui.actions import commandline
from edgetui.actions.cli import rollouts
from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.rollouts import Told
from edgetui.actions.rollout.revisions import history
from edgetui.arguments import number
from edgetui.model.cells import visible
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.deployment import DEPLOYMENT
from edgetui.model.rollout.revision import CHANGE_CAUSE, Revision

_MOST = 2**31 - 1
_COLUMN = 10
"""Cells of the first column, as kubectl's tabwriter has it."""


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = rollouts.parser("rollout history", "List the revisions of a rollout, as kubectl does.")
    parser.add_argument(
        "--revision", type=number(0, _MOST), default=0, metavar="R", help="names kubectl's command"
    )
    options = parser.parse_words(argv)

    async def show(session: Connection, ref: ObjectRef) -> None:
        if options.revision:
            words = (
                "rollout",
                "history",
                f"{ref.key.kind.lower()}/{ref.key.name}",
                f"--revision={options.revision}",
            )
            line = commandline.kubectl(session.target, ref.key.namespace, *words)
            raise Told(f"edgetui prints no templates; this does: {line}")
        there = await rollouts.read(session, ref)
        kind = KINDS[ref.key.kind]
        head = f"{kind.name.lower()}.{kind.group}/{ref.key.name} "
        lines = _lines(ref.key.kind, await history(session, ref.key, there))
        sys.stdout.write("".join(f"{visible(line)}\n" for line in (head.rstrip() + " ", *lines)))

    return rollouts.for_each(options, parser, show)


def _lines(kind: str, revisions: Sequence[Revision]) -> Iterator[str]:
    if not revisions:
        yield "No rollout history found."
        return
    yield f"{'REVISION':<{_COLUMN}}CHANGE-CAUSE"
    for number_, cause in sorted({one.number: _cause(kind, one) for one in reversed(revisions)}.items()):
        yield f"{number_:<{_COLUMN}}{cause or '<none>'}"
    yield ""


def _cause(kind: str, revision: Revision) -> str:
    """The change cause as it is written down; kubectl takes that of a template where its ReplicaSet has none."""
    if (cause := revision.annotations.get(CHANGE_CAUSE)) or kind != DEPLOYMENT:
        return cause or ""
    metadata = revision.template.get("metadata") or {}
    return str((metadata.get("annotations") or {}).get(CHANGE_CAUSE) or "")
