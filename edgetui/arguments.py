"""The options that commands share, the values that they take, and how a mistake is told."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from edgetui import output
from edgetui.model.text import seconds_of

if TYPE_CHECKING:
    from edgetui.cluster.target import ClusterTarget, Impersonation

TERMINALS = ("local", "ssh", "thin", "serial")
LEAST_BUDGET = 100
"""Bytes per second; the bookmarks of idle watches alone need a fifth of that."""
VALUED = frozenset(
    {"-n", "--namespace", "--context", "--kubeconfig", "--as", "--as-group", "-l", "--selector"}
)
"""Options that several commands share and that are followed by a value."""
REQUESTS = 6
"""The verbosity from which kubectl names every request; `-v` alone means it."""
_FROM_FILES = frozenset({"--server", "-s", "--token", "--user", "--cluster", "--username", "--password"})
_FROM_FILES |= {
    "--certificate-authority",
    "--client-certificate",
    "--client-key",
    "--insecure-skip-tls-verify",
}
_OF_COMMANDS = frozenset({"-o", "--output", "-w", "--watch", "-l", "--selector", "--v", "-q", "--quiet"})
_MANIFESTS = frozenset({"-f", "--filename", "-k", "--kustomize", "-R", "--recursive"})


def program() -> str:
    """What the command was typed as: edgetui, or kubectl edge where kubectl runs it as a plugin."""
    return "kubectl edge" if PurePath(sys.argv[0]).name == "kubectl-edge" else "edgetui"


class Parser(argparse.ArgumentParser):
    """Options in full and in any order between the words, as kubectl takes them; a mistake is one sentence.

    `defaults` parses the words where there are settings of a person's own; None where there are none.
    """

    defaults: ClassVar[Callable[[Parser, Sequence[str]], argparse.Namespace] | None] = None

    def __init__(self, command: str, description: str, epilog: str | None = None) -> None:
        super().__init__(
            prog=f"{program()} {command}".rstrip(),
            description=description,
            epilog=epilog,
            allow_abbrev=False,
        )

    def parse_words(self, words: Sequence[str]) -> argparse.Namespace:
        """The options of a command line; leaves with exit code 2 for a mistake in it."""
        plain = self._plain(words)
        return self.defaults(plain) if self.defaults is not None else self.parse_intermixed_args(plain)

    def _plain(self, words: Sequence[str]) -> list[str]:
        """The words with what kubectl takes without a value, or with one, in a form that argparse knows."""
        found: list[str] = []
        left = list(words)
        while left:
            word = left.pop(0)
            if word == "--":
                return [*found, word, *left]
            if word == "--dry-run=client":
                self.error("--dry-run=client: a dry run is checked by the server; write --dry-run")
            if word == "--dry-run=server":
                word = "--dry-run"
            elif word in ("-v", "--v"):
                level = left.pop(0) if left and left[0].isdecimal() else str(REQUESTS)
                word = f"--v={level}"
            elif re.fullmatch(r"-v=?[0-9]+", word):
                word = f"--v={word[2:].removeprefix('=')}"
            if word != "--dry-run=none":
                found.append(word)
        return found

    def print_help(self, file: Any = None) -> None:
        output.clear_line()
        super().print_help(file)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, in one line, and leave with exit code 2."""
        output.clear_line()
        text = message[:1] + message[1:].rstrip(".")
        self.exit(2, f"{self.prog}: {text}. {self._step(message)}\n")

    def _step(self, message: str) -> str:
        unknown = message.removeprefix("unrecognized arguments: ").split()
        option = unknown[0].partition("=")[0] if unknown and unknown[0] != message.split()[0] else ""
        if option in _FROM_FILES:
            return "Servers, users and tokens come from kubeconfig files: --kubeconfig FILE, --context NAME."
        if option in _MANIFESTS:
            return "edgetui applies no manifests: kubectl apply does."
        if option in _OF_COMMANDS and self.prog == program():
            return f"Commands take that: {program()} get pods {' '.join(unknown[:2])}."
        near = get_close_matches(option, self._option_string_actions, n=1) if option.startswith("--") else []
        return f"Did you mean {near[0]}?" if near else f"{self.prog} --help says what it takes."


def with_settings(targets: Sequence[ClusterTarget], options: argparse.Namespace) -> list[ClusterTarget]:
    """The clusters with what a person has set for each of them."""
    settings = getattr(options, "settings", None)
    return list(targets) if settings is None else list(settings.applied(targets, options))


def add_acting_as(parser: argparse.ArgumentParser) -> None:
    """Impersonation, of whatever asks a cluster."""
    add = parser.add_argument
    add("--as", dest="acting_as", default="", metavar="USER", help="act as this user (impersonation)")
    add("--as-group", action="append", default=[], metavar="GROUP", help="and as in this group, repeatable")


def add_verbosity(parser: argparse.ArgumentParser) -> None:
    """How much a command says: nothing but its result, or every request with its time."""
    add = parser.add_argument
    add("-q", "--quiet", action="store_true", help="print the result only")
    add(
        "-v",
        "--v",
        dest="verbosity",
        type=number(0, 10),
        default=0,
        metavar="LEVEL",
        help=f"name every request on stderr from level {REQUESTS} on, which -v alone means",
    )


def acting_as(options: argparse.Namespace) -> Impersonation | None:
    """Whom a command line asks to act as; None for nobody. Raises EdgetuiError for groups without a user."""
    from edgetui.cluster.errors import EdgetuiError
    from edgetui.cluster.target import Impersonation

    if not options.acting_as:
        if options.as_group:
            raise EdgetuiError("--as-group names groups of nobody.", "Name the user with --as.")
        return None
    return Impersonation(options.acting_as, tuple(options.as_group))


def name_requests(options: argparse.Namespace) -> None:
    """Name every request on stderr where the command line asks for it."""
    if getattr(options, "verbosity", 0) >= REQUESTS:
        import logging

        said = logging.StreamHandler(sys.stderr)
        said.setFormatter(logging.Formatter("%(message)s"))
        logging.getLogger("edgetui.http").addHandler(said)
        logging.getLogger("edgetui.http").setLevel(logging.DEBUG)


def targets(options: argparse.Namespace) -> list[ClusterTarget]:
    """The clusters that a command line selects, in the order of their files.

    Raises KubeconfigError when there is no kubeconfig at all.
    """
    import os

    from edgetui.cluster.kubeconfig.loader import Selection, load_fleet

    name_requests(options)
    set_files = "kubeconfig" not in getattr(options, "given", {"kubeconfig"})
    files = [*options.files, *([] if options.files and set_files else options.kubeconfig)]
    selection = Selection(
        files=[Path(name) for name in files],
        contexts=options.context,
        all_contexts=options.all_contexts,
        namespace=options.namespace,
        acting_as=acting_as(options),
    )
    return with_settings(load_fleet(selection, os.environ, Path.home()), options)


def add_selection(parser: argparse.ArgumentParser, *, files: bool = True) -> None:
    """Which clusters, and which part of them; with `files` every word names a kubeconfig."""
    if files:
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
    add_acting_as(parser)
    parser.add_argument(
        "--no-cache",
        action="store_true",
        help="neither show rows kept from the last run while a link is down, nor keep any",
    )


def add_screen(parser: argparse.ArgumentParser) -> None:
    """How the screen looks and what it may cost."""
    parser.add_argument("--read-only", action="store_true", help="refuse every write")
    parser.add_argument("--theme", default="", metavar="NAME", help="a theme by name")
    parser.add_argument(
        "--terminal",
        default="",
        choices=TERMINALS,
        help="profile of the terminal; default: from the environment and the measured round trip",
    )
    parser.add_argument(
        "--api-traffic",
        default="",
        choices=("full", "reduced", "minimal"),
        help="how much to ask of the API servers; default: adapts to each link",
    )
    # Earlier names of the two, which scripts may still use.
    parser.add_argument("--profile", dest="terminal", choices=TERMINALS, help=argparse.SUPPRESS)
    parser.add_argument("--wire", default="", choices=("full", "lean", "thin"), help=argparse.SUPPRESS)
    parser.add_argument(
        "--budget",
        type=bytes_per_second,
        default=None,
        metavar="RATE",
        help="limit of API traffic per cluster, such as 20KiB/s",
    )


def screen_parser() -> Parser:
    """The parser of `edgetui [FILE...]`."""
    parser = Parser(
        "",
        "A terminal UI for many small Kubernetes clusters on unreliable links, with keys to act on them.",
        "Without FILE: $KUBECONFIG, ~/.kube/config, then the files of K3s, RKE2, MicroK8s, k0s and MicroShift. "
        "The commands, which go first, are below; edgetui help COMMAND explains one.",
    )
    add_selection(parser)
    add_screen(parser)
    parser.add_argument("-V", "--version", action="store_true", help="show the version and exit")
    return parser


def number(least: int, most: int) -> Callable[[str], int]:
    """What reads a whole number within these bounds. Raises ArgumentTypeError for anything else."""

    def read(text: str) -> int:
        if not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} is not a number from {least} to {most}")
        return int(text)

    return read


def duration(least: float, most: float, within: str = "") -> Callable[[str], float]:
    """What reads a time in seconds from `least` to `most`, which `within` says in words.

    Raises ArgumentTypeError for anything else.
    """

    def read(text: str) -> float:
        value = seconds_of(text)
        if value is None or not least <= value <= most:
            raise argparse.ArgumentTypeError(f"“{text}” is not a time{within} such as 15, 90s, 5m or 1h30m")
        return value

    return read


seconds = duration(0.001, 3600, " above 0 and up to an hour")
"""For one answer or one list."""
patience = duration(0, 999_999_999)
"""For the end of a rollout."""
past = duration(0, 1e12)
"""For an age."""


def bytes_per_second(text: str) -> float:
    """Bytes per second of "20KiB/s", "64kbit/s", "1.5 MB/s"; a number alone is bytes. Raises ArgumentTypeError."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(k|M|G|Ki|Mi|Gi)?(?:(B|bit)(?:/s)?)?", text.strip())
    sizes = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}
    value = float(match[1]) * sizes[match[2] or ""] / (8 if match[3] == "bit" else 1) if match else 0.0
    if value < LEAST_BUDGET:
        raise argparse.ArgumentTypeError(
            f"{text} is not a rate of at least {LEAST_BUDGET} bytes per second, such as 20KiB/s or 64kbit/s"
        )
    return value
