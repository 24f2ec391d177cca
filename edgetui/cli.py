"""The command line: which command, which clusters, and how every failure ends in one sentence.

Only what a command needs is imported, and only when it runs; `edgetui --version` imports next to nothing.
Exit codes: 0 done, 2 wrong usage or no usable cluster, 70 a defect of edgetui, 130 interrupted; each command
documents its own.
"""

from __future__ import annotations

import sys

from edgetui import __version__, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from edgetui.cluster.target import ClusterTarget

USAGE, DEFECT, INTERRUPTED = 2, 70, 130


def main(argv: Sequence[str]) -> int:
    """Runs one command line and returns its exit code. Nothing but SystemExit of argparse leaves it."""
    name = argv[0] if argv else ""
    if name in ("--version", "-V", "version"):
        return version(argv[1:])
    if name == "__complete":
        from edgetui.completion import candidates

        return candidates.command(argv[1:])
    if name in ("--help", "-h"):
        return _guarded(explain, argv[1:])
    # A start whose first word can be no name of a command looks no further.
    if name[:1] != "-" and name.replace("-", "").isalnum():
        from edgetui import commands

        if (found := commands.find(argv)) is not None:
            command, rest = found
            return _guarded(command.start, rest)
    return _guarded(screen, argv)


def version(argv: Sequence[str]) -> int:
    """`edgetui version`."""
    sys.stdout.write(f"edgetui {__version__}\n")
    if "--verbose" in argv:
        from edgetui.doctor import about

        sys.stdout.write("\n".join(about.lines()) + "\n")
    return 0


def explain(argv: Sequence[str]) -> int:
    """`edgetui help [COMMAND]`."""
    from edgetui import arguments, commands

    words = [word for word in argv if not word.startswith("-")]
    if not words:
        sys.stdout.write(f"{arguments.screen_parser().format_help()}\n{commands.overview()}")
        return 0
    found = commands.find(words)
    if found is None:
        _explain_unknown(words)
        return screen(["--help"])
    return found[0].start(["--help"])


def screen(argv: Sequence[str]) -> int:
    """`edgetui [FILE...]`: the screen."""
    _explain_unknown(argv)
    _first_pixels("")
    from edgetui import arguments

    options = arguments.screen_parser().parse_words(argv)
    if options.version:
        output.clear_line()
        return version([])
    return _show(_targets(options), options)


def demo(argv: Sequence[str]) -> int:
    """`edgetui demo`: the screen on a simulated fleet."""
    from edgetui import arguments

    parser = arguments.Parser("demo", "Try edgetui on a simulated fleet: a plant, a vehicle and a wind farm.")
    parser.add_argument(
        "--clusters", type=arguments.number(1, 100), default=3, metavar="N", help="how many clusters (3)"
    )
    parser.add_argument(
        "--pods",
        type=arguments.number(0, 20_000),
        default=0,
        metavar="N",
        help="about how many pods in all, with filler",
    )
    parser.add_argument("--no-outages", action="store_true", help="keep every link up")
    parser.add_argument("--serve", action="store_true", help="only serve, and print where the kubeconfig is")
    arguments.add_screen(parser)
    options = parser.parse_words(argv)
    from edgetui.extras import need_demo

    need_demo()
    if options.serve:
        from edgetui.demo import server

        return server.run(options.clusters, options.pods, outages=not options.no_outages)
    return _show_demo(options)


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

    profile = choose(os.environ, options.terminal)
    os.environ.update(environment(profile))
    from edgetui.model.cache.wireprofile import Wire
    from edgetui.ui.options import ScreenOptions
    from edgetui.ui.run import run_screen

    namespace = getattr(options, "namespace", "")
    named = {name: wire for wire in Wire for name in (wire.words, wire.value)}
    settings = ScreenOptions(
        options.read_only,
        options.theme,
        profile,
        namespace=namespace,
        keep_rows=not getattr(options, "no_cache", True),
        wire=named.get(options.api_traffic or options.wire),
        budget=options.budget,
        remember=remember,
        links={
            name: (named.get(traffic), budget)
            for name, (traffic, budget) in getattr(options, "links", {}).items()
        },
        commands=getattr(getattr(options, "settings", None), "commands", {}),
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
    from edgetui.get.command import Printed, run
    from edgetui.get.wanted import of_words

    run(targets, of_words([]), Printed(), timeout=15.0)
    sys.stdout.write(
        "\nThis is the demo fleet, once. For the live screen run `edgetui demo` in a terminal.\n"
    )
    return 0


def _targets(options: argparse.Namespace) -> list[ClusterTarget]:
    """The clusters that were asked for. Raises KubeconfigError when there is none at all."""
    from edgetui.arguments import targets

    _explain_misplaced(options.files)
    return targets(options)


def _explain_misplaced(files: Sequence[str]) -> None:
    """A command word after options reads as a FILE: say so, unless there is such a file."""
    import os

    for name in files:
        if name.replace("-", "").isalnum() and not os.path.exists(name):  # noqa: PTH110 - as below
            from edgetui import commands

            if name in commands.table():
                from edgetui.cluster.errors import KubeconfigError

                raise KubeconfigError(
                    f"There is no file {name}.", f"A command goes first: edgetui {name} ..."
                )


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

    explained = verbs.explain(words)
    if explained is not None:
        from edgetui.cluster.errors import KubeconfigError

        raise KubeconfigError(*explained)


def _guarded(command: Callable[[Sequence[str]], int], argv: Sequence[str]) -> int:
    """Runs a command; whatever goes wrong becomes an exit code and at most one sentence on stderr."""
    try:
        _take_settings()
        code = command(argv)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the edge of the program: every failure is told, none shown raw
        return _told(error)


def _take_settings() -> None:
    """Let parsers take defaults of a person's own; a start without any loads nothing for them."""
    import os

    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")  # noqa: PTH111 - raises without a home
    file = os.path.join(home, "edgetui", "config.yaml")  # noqa: PTH118 - a start need not wait for pathlib
    if os.path.lexists(file) or any(name.startswith("EDGETUI_") for name in os.environ):
        from edgetui import arguments, config

        arguments.Parser.defaults = config.parse_words


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


def _say(sentence: str) -> None:
    """A sentence on a line of its own, in place of the first pixels if they are there."""
    output.clear_line()
    sys.stderr.write(f"{sentence}\n")
