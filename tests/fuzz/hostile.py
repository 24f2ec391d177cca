"""What looks for secrets, within a bound of time per byte; and Tables, whose rows the server prints."""

from __future__ import annotations

import json
import re
import time
from random import Random

from edgetui import crash
from edgetui.actions.gate.audit import without_tokens
from edgetui.cluster.errors import ApiError, ProtocolError
from edgetui.cluster.watch.reflector.states import Changes, Failed
from edgetui.cluster.watch.table import NotPrinted, Printer, TableDecoder
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Row
from edgetui.model.redaction import redacted, without_secrets
from edgetui.model.rollout.templatediff import template_diff
from tests.unit.model.test_secrecy import COMMANDS, IN_A_VALUE, PIECES, SECRET

from . import corpus, mutate
from .targets import KIB, NOW, Target

MOST_SECONDS, MOST_SECONDS_PER_KB = 0.1, 0.02
"""Processor seconds for all that looks for secrets in one text; a quadratic pattern takes some 40 ms per KB."""
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"


class Redaction(Target):
    """A text in every place of an object where others choose it; the secrets planted in it must not come out."""

    name = "redaction"
    least, each = 1024 * KIB, 400

    def make(self, rng: Random) -> bytes:
        parts = [
            rng.choice(PIECES) * rng.choice((1, 1, 1, 3, 50)) for _ in range(rng.choice((1, 2, 5, 20, 60)))
        ]
        if rng.random() < 0.7:
            parts.insert(rng.randrange(len(parts) + 1), f"\n{rng.choice([*IN_A_VALUE, JWT])}\n")
        return "".join(parts).encode()

    def check(self, data: bytes, rng: Random) -> None:
        text = data.decode("utf-8", "replace")
        began = time.thread_time()
        said = self._said(text, rng)
        took = time.thread_time() - began
        assert took < MOST_SECONDS + MOST_SECONDS_PER_KB * len(text) / 1024, (
            f"{took:.2f} s for {len(text)} characters"
        )
        assert SECRET not in said.lower(), "a planted password is shown"
        assert "c2ln" not in said, "a planted token is shown"

    def weigh(self, data: bytes, rng: Random) -> None:
        self._said(data.decode("utf-8", "replace"), rng)

    def _said(self, text: str, rng: Random) -> str:
        container = {
            "name": "app",
            "env": [{"name": "CONFIG", "value": text}, {"name": text, "value": "x"}],
            "args": [text, *rng.choice(COMMANDS)],
        }
        obj = {
            "metadata": {"annotations": {"a/config": text}},
            "spec": {"containers": [container]},
            "status": {"message": text},
        }
        shown = without_secrets(obj)
        del shown["spec"]["containers"][0]["env"][1]["name"]  # what a variable is called is no secret
        told = [
            json.dumps(shown),
            "\n".join(template_diff({}, {"spec": {"containers": [{**container, "env": []}]}})),
        ]
        # A record keeps everything but tokens; a crash file and a sentence keep no pair either.
        without_tokens({"text": text})
        told += [crash.without_secrets(text), redacted(text)]
        return "\n".join(told)


class Tables(Target):
    """Pages and watch lines of Tables: rows with names, or a sentence."""

    name = "tables"
    least, each = 1024 * KIB, 80
    printed = tuple(kind for kind in KINDS.values() if kind.printed is not None)

    def make(self, rng: Random) -> bytes:
        """The first byte chooses the kind and the way in."""
        page = next(answer.plain for answer in corpus.answers() if answer.name == "table-pods")
        way = bytes([rng.randrange(256)])
        if way[0] & 1:
            change = rng.choice(("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "OTHER"))
            page = json.dumps({"type": change, "object": json.loads(page)}).encode()
        if rng.random() < 0.2:
            return way + mutate.blind(page, rng) + b"\n"
        return way + re.sub(rb"\s*\n\s*", b" ", mutate.document(page, rng)) + b"\n"

    def check(self, data: bytes, rng: Random) -> None:
        self.weigh(data, rng)

    def weigh(self, data: bytes, rng: Random) -> None:
        way = data[0] if data else 0
        printer = Printer(self.printed[way // 2 % len(self.printed)], "d", lambda: NOW)
        if way & 1:
            decoder = TableDecoder(printer)
            for piece in mutate.cut(data[1:], rng):
                for one in decoder.feed(piece):
                    if isinstance(one, Changes):
                        _sound([row for _, row in one.items])
                    elif isinstance(one, Failed):
                        assert isinstance(one.error, ProtocolError | ApiError), type(one.error).__name__
                        return
            return
        try:
            _sound(printer.page(data[1:]).rows)
        except (NotPrinted, ProtocolError) as error:
            assert len(error.sentence) < 512, "a sentence without end"


def _sound(rows: list[Row]) -> None:
    for row in rows:
        assert row.name, "a row without a name"
        assert row.name.isprintable(), "a name that a terminal obeys"


TARGETS = (Redaction(), Tables())
