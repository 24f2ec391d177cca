"""Rows of the catalogue for what goes on in containers: a terminal in one, and ports."""

from __future__ import annotations

from edgetui.actions import rights
from edgetui.actions.action import Action

IN_CONTAINERS = (
    Action(
        "shell",
        "",
        "shell",
        "Open a shell in a container of a pod, or run the command that follows :shell; ctrl+] and then d leaves.",
        rights.EXEC,
        letter="s",
        text="command",
        on_terminal=True,
    ),
    Action(
        "attach",
        "",
        "attach",
        "Show what a container of a pod writes, and type to it; ctrl+] and then d leaves.",
        rights.ATTACH,
        letter="A",
        text="container",
        on_terminal=True,
    ),
    Action(
        "debug",
        "",
        "debug container",
        "Add a container with a shell beside those of a pod, which stays in it, and open a terminal in it.",
        rights.DEBUG,
        module="edgetui.actions.remote.debug",
        letter="b",
        text="options",
        example="press-7f9c66-x2k4q --target app -n line-2",
    ),
    Action(
        "forward",
        "",
        "forward",
        "Forward ports of this machine, on 127.0.0.1, to a pod or to the ready pods of a workload or Service.",
        rights.FORWARD,
        module="edgetui.actions.remote.forward",
        letter="f",
        text="ports",
        group="pods",
        forms=("port-forward",),
        example="svc/press 8080:80 -n line-2",
    ),
)
