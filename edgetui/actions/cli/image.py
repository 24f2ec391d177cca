"""`edgetui image KIND/NAME [CONTAINER=]IMAGE`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import Job, carry_out, new_parser, patience, ref_of, until_agreed
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Receipt
from edgetui.actions.rollout import set_image
from edgetui.actions.rollout.set_image import ImageView


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
            return await set_image.perform(gate, session, now, container, wanted, wait=patience(options))

        return await until_agreed(
            console, await set_image.prepare(session, ref_of(session, options)), perform
        )

    return carry_out(Job("image", options, act))
