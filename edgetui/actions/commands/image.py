"""`edgetui image KIND/NAME [CONTAINER=]IMAGE`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions import image
from edgetui.actions.connect import Connection
from edgetui.actions.console import Console
from edgetui.actions.gate import Gate
from edgetui.actions.image import ImageView
from edgetui.actions.plan import Receipt

from .running import Job, carry_out, new_parser, patience, ref_of, until_agreed


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = new_parser("image", "Set the image of a container of a Deployment, StatefulSet or DaemonSet.")
    parser.add_argument(
        "object", metavar="KIND/NAME", help="for example deploy/press, sts/camera or ds/agent"
    )
    parser.add_argument(
        "image",
        metavar="[CONTAINER=]IMAGE",
        help="for example app=registry.local/press:2.1; the container can be left out where there is only one",
    )
    options = parser.parse_args(argv)
    name, _, wanted = options.image.rpartition("=")

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        async def perform(now: ImageView) -> Receipt:
            container = now.container(name)
            return await image.perform(gate, session, now, container, wanted, wait=patience(options))

        return await until_agreed(console, await image.prepare(session, ref_of(session, options)), perform)

    return carry_out(Job("image", options, act))
