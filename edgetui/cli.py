"""The command line: which command, which clusters, and how every failure ends in one sentence.

Only what a command needs is imported, and only when it runs; `edgetui --version` imports next to nothing.
Exit codes: 0 done, 2 wrong usage or no usable cluster, 70 a defect of edgetui, 130 interrupted; each command
documents its own.
"""

from __future__ import annotations

import sys

from edgetui import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from typing import Any

    from edgetui.cluster.target import ClusterTarget

USAGE, DEFECT, INTERRUPTED = 2, 70, 130
ACTIONS = (
    "scale",
    "rollback",
    "guard",
    "rotate",
    "pause",
    "resume",
    "restart",
    "image",
    "cancel",
    "unstick",
    "undo",
    "bounds",
    "resize",
    "park",
    "unpark",
    "keda-pause",
    "keda-unpause",
    "audit",
)
"""The commands of edgetui.actions.cli, known here without loading them."""

LEAST_BUDGET = 100
"""Bytes per second; the bookmarks of idle watches alone need a fifth of that."""


def main(argv: Sequence[str]) -> int:
    """Runs one command line and returns its exit code. Nothing but SystemExit of argparse leaves it."""
    if argv and argv[0] in ("--version", "-V"):
        sys.stdout.write(f"edgetui {__version__}\n")
        return 0
    name = argv[0] if argv else ""
    if name in ("help", "version"):
        return main(["--version"] if name == "version" else [*argv[1:2], "--help"])
    command = COMMANDS.get(name)
    return _guarded(command, argv[1:]) if command else _guarded(screen, argv)


def screen(argv: Sequence[str]) -> int:
    """`edgetui [FILE...]`: the screen."""
    _explain_unknown(argv)
    _first_pixels("")
    parser = _parser("edgetui", "Many small Kubernetes clusters on one live screen, and keys to act on them.")
    parser.epilog = (
        f"Commands: once, demo, {', '.join(ACTIONS)}; each explains itself with --help. "
        "Without FILE: $KUBECONFIG, ~/.kube/config, then the files of K3s, RKE2, MicroK8s, k0s and MicroShift."
    )
    _add_selection(parser)
    _add_screen(parser)
    parser.add_argument("-V", "--version", action="store_true", help="show the version and exit")
    options = parser.parse_args(argv)
    if options.version:
        _clear_line()
        return main(["--version"])
    return _show(_targets(options), options)


def once(argv: Sequence[str]) -> int:
    """`edgetui once`: the panes as text or JSON."""
    parser = _parser(
        "edgetui once", "Print what the panes show, once. Exit code 0: all live, 3: partly stale, 2: none."
    )
    _add_selection(parser)
    parser.add_argument(
        "--json", action="store_true", help="one JSON document; docs/once-schema.md describes it"
    )
    parser.add_argument(
        "--pane",
        action="append",
        default=[],
        metavar="PANE[,PANE]",
        help="nodes, pods, autoscalers, rollouts, services, events, or all; the first four if not given",
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=15.0, metavar="S", help="seconds to wait for complete lists (15)"
    )
    options = parser.parse_args(argv)
    from edgetui import once as command

    panes = command.panes(options.pane)
    return command.run(
        _targets(options),
        panes,
        as_json=options.json,
        timeout=options.timeout,
        namespace=options.namespace,
        keep_rows=not options.no_cache,
    )


def demo(argv: Sequence[str]) -> int:
    """`edgetui demo`: the screen on a simulated fleet."""
    parser = _parser("edgetui demo", "Try edgetui on a simulated fleet: a plant, a vehicle and a wind farm.")
    parser.add_argument("--clusters", type=_clusters, default=3, metavar="N", help="how many clusters (3)")
    parser.add_argument(
        "--pods", type=_pods, default=0, metavar="N", help="about how many pods in all, with filler"
    )
    parser.add_argument("--no-outages", action="store_true", help="keep every link up")
    parser.add_argument("--serve", action="store_true", help="only serve, and print where the kubeconfig is")
    _add_screen(parser)
    options = parser.parse_args(argv)
    if options.serve:
        from edgetui.demo import server

        return server.run(options.clusters, options.pods, outages=not options.no_outages)
    return _show_demo(options)


def action(name: str) -> Callable[[Sequence[str]], int]:
    """One of the commands that change something."""

    def run(argv: Sequence[str]) -> int:
        from edgetui.actions import cli

        return cli.main([name, *argv])

    return run


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "once": once,
    "demo": demo,
    **{name: action(name) for name in ACTIONS},
}


def _show(targets: Sequence[ClusterTarget], options: argparse.Namespace) -> int:
    """Opens the screen, or says why no cluster can be shown."""
    broken = [target for target in targets if target.error is not None]
    if len(broken) == len(targets):
        for target in broken:
            _say(f"{target.name}: {target.error}")
        return USAGE
    return _screen(options, remember=True)(list(targets))


def _screen(options: argparse.Namespace, *, remember: bool) -> Callable[[list[ClusterTarget]], int]:
    """Loads what the screen needs. Textual reads its settings from the environment when it is imported."""
    import gc
    import os

    gc.disable()  # nothing that a start makes is garbage; the running screen looks for it again

    from edgetui.terminal.profile import choose, environment

    profile = choose(os.environ, options.profile)
    os.environ.update(environment(profile))
    from edgetui.model.cache.wireprofile import Wire
    from edgetui.ui.options import ScreenOptions
    from edgetui.ui.run import run_screen

    namespace = getattr(options, "namespace", "")
    settings = ScreenOptions(
        options.read_only,
        options.theme,
        profile,
        namespace=namespace,
        keep_rows=not getattr(options, "no_cache", True),
        wire=Wire(options.wire) if options.wire else None,
        budget=options.budget,
        remember=remember,
    )
    return lambda targets: run_screen(targets, settings)


def _show_demo(options: argparse.Namespace) -> int:
    """The screen on a demo fleet, loaded while the fleet starts; without a terminal its panes as text."""
    import os
    from pathlib import Path

    from edgetui.cluster.errors import EdgetuiError
    from edgetui.demo.launcher import Fleet, StartError
    from edgetui.terminal.profile import unusable

    drawn = not unusable(os.environ, sys.stdin.isatty(), sys.stdout.isatty())
    if drawn:
        _first_pixels("starting the demo fleet")
    with Fleet(options.clusters, options.pods, outages=not options.no_outages) as fleet:
        show = _screen(options, remember=False) if drawn else _print_demo
        from edgetui.cluster.kubeconfig.loader import Selection, load_fleet

        if drawn:
            import edgetui.cluster.session
            import edgetui.ui.app  # noqa: F401 - loaded here, while the fleet starts

        try:
            selection = Selection(files=[fleet.ready()], all_contexts=True)
        except StartError as error:
            raise EdgetuiError(str(error)) from None
        return show(load_fleet(selection, os.environ, Path.home()))


def _print_demo(targets: list[ClusterTarget]) -> int:
    from edgetui import once as command

    command.run(targets, command.panes([]), as_json=False, timeout=15.0)
    sys.stdout.write(
        "\nThis is the demo fleet, once. For the live screen run `edgetui demo` in a terminal.\n"
    )
    return 0


def _targets(options: argparse.Namespace) -> list[ClusterTarget]:
    """The clusters that were asked for. Raises KubeconfigError when there is none at all."""
    import os
    from pathlib import Path

    from edgetui.cluster.kubeconfig.loader import Selection, load_fleet

    names = [*options.files, *options.kubeconfig]
    _explain_misplaced(options.files)
    selection = Selection(
        files=[Path(name) for name in names],
        contexts=options.context,
        all_contexts=options.all_contexts,
        namespace=options.namespace,
    )
    return load_fleet(selection, os.environ, Path.home())


def _explain_misplaced(files: Sequence[str]) -> None:
    """A command word after options reads as a FILE: say so, unless there is such a file."""
    from pathlib import Path

    for name in files:
        if name in COMMANDS and not Path(name).exists():
            from edgetui.cluster.errors import KubeconfigError

            raise KubeconfigError(f"There is no file {name}.", f"A command goes first: edgetui {name} ...")


def _explain_unknown(words: Sequence[str]) -> None:
    """A first word that is neither an option nor a file was meant as a command: say which there is.

    Where a later word is a file, the first one is taken for a misspelt file, which is told beside the others.
    """
    if not words or words[0].startswith("-"):
        return
    import os

    if any(os.path.exists(word) for word in words):  # noqa: PTH110 - a start with a file need not wait for pathlib
        return
    from edgetui import verbs

    explained = verbs.explain(words, COMMANDS)
    if explained is not None:
        from edgetui.cluster.errors import KubeconfigError

        raise KubeconfigError(*explained)


def _parser(prog: str, text: str) -> argparse.ArgumentParser:
    import argparse

    class Parser(argparse.ArgumentParser):
        """Help and mistakes take the place of the first pixels."""

        def print_help(self, file: Any = None) -> None:
            _clear_line()
            super().print_help(file)

        def print_usage(self, file: Any = None) -> None:
            _clear_line()
            super().print_usage(file)

    return Parser(prog=prog, description=text, allow_abbrev=False)


def _add_selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", help="kubeconfig files")
    parser.add_argument(
        "--kubeconfig", action="append", default=[], metavar="FILE", help="a kubeconfig file, repeatable"
    )
    parser.add_argument(
        "--context",
        action="append",
        default=[],
        metavar="GLOB",
        help="contexts by name or pattern, repeatable",
    )
    parser.add_argument(
        "--all-contexts", action="store_true", help="every context of every file, not just the current"
    )
    parser.add_argument(
        "-n",
        "--namespace",
        default="",
        metavar="NS",
        help="only this namespace; default: all that may be read",
    )
    parser.add_argument(
        "-A", "--all-namespaces", dest="namespace", action="store_const", const="", help="all namespaces"
    )
    parser.add_argument(
        "--no-cache",
        action="store_true",
        help="neither show rows kept from the last run while a link is down, nor keep any",
    )


def _add_screen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--read-only", action="store_true", help="refuse every write")
    parser.add_argument("--theme", default="", metavar="NAME", help="a theme by name")
    parser.add_argument(
        "--profile",
        default="",
        choices=("local", "ssh", "thin", "serial"),
        help="what the terminal can take; chosen from the environment and the measured round trip if not given",
    )
    parser.add_argument(
        "--wire",
        default="",
        choices=("full", "lean", "thin"),
        help="what the links to the clusters can bear; chosen from what is measured if not given",
    )
    parser.add_argument(
        "--budget",
        type=_per_second,
        default=None,
        metavar="RATE",
        help="most traffic per cluster, as 20KiB/s; over it, less is asked for, step by step",
    )


def _clusters(text: str) -> int:
    return _number(text, 1, 100)


def _pods(text: str) -> int:
    return _number(text, 0, 20_000)


def _number(text: str, least: int, most: int) -> int:
    import argparse

    if not text.isdigit() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text} is not a number from {least} to {most}")
    return int(text)


def _seconds(text: str) -> float:
    import argparse

    from edgetui.model.text import seconds_of

    try:
        value = float(text)
    except ValueError:
        value = seconds_of(text) or -1.0
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(
            f"{text} is not a time above 0 and up to an hour, such as 15, 15s or 2m"
        )
    return value


def _per_second(text: str) -> float:
    """Bytes per second of "20KiB/s", "64kbit/s", "1.5 MB/s"; a number alone is bytes."""
    import argparse
    import re

    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(k|M|G|Ki|Mi|Gi)?(?:(B|bit)(?:/s)?)?", text.strip())
    sizes = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}
    value = float(match[1]) * sizes[match[2] or ""] / (8 if match[3] == "bit" else 1) if match else 0.0
    if value < LEAST_BUDGET:
        raise argparse.ArgumentTypeError(
            f"{text} is not a rate of at least {LEAST_BUDGET} bytes per second, such as 20KiB/s or 64kbit/s"
        )
    return value


def _guarded(command: Callable[[Sequence[str]], int], argv: Sequence[str]) -> int:
    """Runs a command; whatever goes wrong becomes an exit code and at most one sentence on stderr."""
    try:
        code = command(argv)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the edge of the program: every failure is told, none shown raw
        return _told(error)


def _told(error: Exception) -> int:
    from edgetui.cluster.errors import EdgetuiError

    if isinstance(error, EdgetuiError):
        _say(f"edgetui: {error}")
        return USAGE
    from edgetui import crash

    _say(f"edgetui: {crash.sentence(error)}")
    return DEFECT


def _first_pixels(text: str) -> None:
    """Something to see while everything else is still being loaded."""
    if sys.stdout.isatty() and sys.stdin.isatty():
        sys.stdout.write(f"\r edgetui  {text}")
        sys.stdout.flush()


def _clear_line() -> None:
    """Take the first pixels away, where there can be any."""
    if sys.stdout.isatty():
        sys.stdout.write("\r\x1b[K")
        sys.stdout.flush()


def _say(sentence: str) -> None:
    """A sentence on a line of its own, in place of the first pixels if they are there."""
    _clear_line()
    sys.stderr.write(f"{sentence}\n")
