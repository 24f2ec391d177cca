"""`edgetui get [PANE|KIND [NAME...]]`: what it takes, and what it prints."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import Sequence
from typing import Any

from edgetui import arguments
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.target import ClusterTarget
from edgetui.get.following import Following
from edgetui.get.reading import Reading, reading
from edgetui.get.result import NOTHING, Found, as_document, as_names, as_text, exit_code, problems
from edgetui.get.wanted import Wanted, files_first, of_words
from edgetui.model.panes import PANES
from edgetui.model.selector import parse
from edgetui.output import document

FORMS = ("json", "yaml", "wide", "name")
WHOLE = 1_000_000
"""Cells a line may have where it is not read on a terminal: nothing is cut."""


class Printed:
    """How the result is printed: a form of -o, or a table for a person, with or without what surrounds it."""

    def __init__(self, form: str = "", *, quiet: bool = False) -> None:
        self.form, self.quiet = form, quiet

    def write(self, targets: Sequence[ClusterTarget], opened: Reading, tables: Sequence[Wanted]) -> int:
        """Print it; returns the exit code."""
        now, stores = time.time(), opened.stores
        found = [Found(table, stores, now) for table in tables]
        code = exit_code(stores, found)
        told = [*opened.notes, *problems(stores, found, code, now)]
        if self.form in ("json", "yaml"):
            self._write_document(as_document(targets, stores, found, code, now))
        elif self.form == "name":
            sys.stdout.write(as_names(stores, found))
        elif code != NOTHING or any(table.rows for table in found):
            sys.stdout.write(as_text(stores, found, now, self.width, heads=not self.quiet))
        sys.stdout.flush()
        sys.stderr.write("".join(f"{line}\n" for line in told))
        return code

    @property
    def width(self) -> int:
        """Cells that a line may have."""
        fits = sys.stdout.isatty() and self.form != "wide"
        return shutil.get_terminal_size().columns if fits else WHOLE

    def _write_document(self, found: dict[str, Any]) -> None:
        if self.form == "json":
            sys.stdout.write(document(found, sys.stdout, indent=2))
            return
        import json

        import yaml

        plain = json.loads(json.dumps(found))
        sys.stdout.write(yaml.safe_dump(plain, sort_keys=False, width=WHOLE))


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = _parser()
    options = parser.parse_words(argv)
    options.files, words = files_first(options.words)
    form = "json" if options.json else options.output
    try:
        selector = parse(options.selector) if options.selector else ()
    except ValueError as wrong:
        parser.error(str(wrong))
    tables = of_words(words, options.pane)
    for table in tables:
        table.namespace, table.selector = options.namespace, selector
    if options.watch and (len(tables) > 1 or form in ("json", "yaml")):
        parser.error("-w follows one pane or kind, as a table or with -o name")
    return run(
        arguments.targets(options),
        tables,
        Printed(form, quiet=options.quiet),
        timeout=options.timeout,
        keep_rows=not options.no_cache,
        watch=options.watch,
    )


def _parser() -> arguments.Parser:
    parser = arguments.Parser(
        "get",
        "Print what the panes show, or objects of any kind that the clusters serve, by a name that kubectl takes. "
        "json and yaml are the document that docs/once-schema.md describes; an object as the server has it prints "
        "kubectl get -o yaml.",
        "Exit codes: 0 all live, 3 partly stale, 2 nothing could be read, 1 what was named is not there.",
    )
    parser.usage = "%(prog)s [FILE...] [PANE|KIND [NAME...] | KIND/NAME...] [options]"
    add = parser.add_argument
    add(
        "words",
        nargs="*",
        metavar="KIND",
        help=f"{', '.join(PANES)}, or any kind; the first four if not given",
    )
    arguments.add_selection(parser, files=False)
    arguments.add_verbosity(parser)
    add("-l", "--selector", default="", metavar="LABELS", help="only objects with these labels")
    add("-o", "--output", default="", choices=FORMS, metavar="FORM", help=", ".join(FORMS))
    add("-w", "--watch", action="store_true", help="go on with the rows that change")
    add("--json", action="store_true", help="as -o json")
    add("--pane", action="append", default=[], metavar="PANE[,PANE]", help="panes by name, or all")
    add(
        "--timeout",
        type=arguments.seconds,
        default=15.0,
        metavar="TIME",
        help="how long to wait for complete lists (15s)",
    )
    return parser


def run(
    targets: Sequence[ClusterTarget],
    tables: Sequence[Wanted],
    printed: Printed,
    *,
    timeout: float,
    keep_rows: bool = False,
    watch: bool = False,
) -> int:
    """Connects, waits until everything is known or `timeout` seconds have passed, prints, and returns the exit code.

    With `watch` it goes on until it is interrupted.
    """
    return asyncio.run(_run(targets, tables, printed, timeout, keep_rows, watch))


async def _run(
    targets: Sequence[ClusterTarget],
    tables: Sequence[Wanted],
    printed: Printed,
    timeout: float,
    keep_rows: bool,
    watch: bool,
) -> int:
    async with reading(targets, tables, timeout, keep_rows=keep_rows) as opened:
        if not watch:
            return printed.write(targets, opened, tables)
        following = Following(opened, tables[0], printed.width, names=printed.form == "name")
        code = printed.write(targets, opened, tables)
        if code == NOTHING and all(target.error is not None for target in targets):
            raise EdgetuiError("No cluster can be used.", "edgetui doctor says why.")
        await following.run(sys.stdout, sys.stderr)
        return code
