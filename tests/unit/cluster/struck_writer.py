"""Rewrites a token while something happens at one chosen moment: `python -m tests.unit.cluster.struck_writer`.

Python reports every opening, renaming, mode and owner change to an audit hook right before it is made; those are the
moments. Each run of `main` prints one JSON line.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig.write import rewrite_user_token

CONTENT = "users:\n- name: u\n  user:\n    token: old # until May\n"
NOW = 1_760_000_000.0
_EVENTS = ("open", "os.")


class Moments:
    """Counts the moments of a write, and strikes at one of them."""

    def __init__(self) -> None:
        self.armed = False
        self.left = 0
        self.strike: Callable[[], None] = lambda: None
        sys.addaudithook(self._heard)

    def arm(self, at: int, strike: Callable[[], None]) -> None:
        self.armed, self.left, self.strike = True, at, strike

    def _heard(self, event: str, _arguments: object) -> None:
        if not self.armed or not event.startswith(_EVENTS):
            return
        self.left -= 1
        if self.left == 0:
            self.armed = False
            self.strike()


def swapped(directory: Path, pattern: str, victim: Path) -> None:
    """Put a link to the victim in the place of every file of that pattern, as the directory's owner can."""
    for found in directory.glob(pattern):
        found.rename(found.with_name(f"taken-{found.name}"))
        found.symlink_to(victim)


def swap_at_every_moment(base: Path, pattern: str) -> None:
    """One write for each moment; the link stands from then on."""
    moments = Moments()
    for at in range(1, 200):
        directory, victim = base / str(at), base / f"victim-{at}"
        directory.mkdir()
        file = directory / "config"
        file.write_text(CONTENT)
        file.chmod(0o644)
        victim.write_text("precious")
        victim.chmod(0o600)
        if os.geteuid() == 0:
            os.chown(directory, 65534, 65534)
            os.chown(file, 65534, 65534)
        before = victim.stat()
        moments.arm(at, lambda d=directory, v=victim: swapped(d, pattern, v))  # type: ignore[misc]
        try:
            rewrite_user_token(file, "u", "new", now=NOW)
            outcome = "written"
        except KubeconfigError as error:
            outcome = error.sentence
        finished, moments.armed = moments.armed, False
        after = victim.stat()
        kept = all(
            getattr(before, name) == getattr(after, name)
            for name in ("st_uid", "st_gid", "st_mode", "st_size", "st_mtime_ns", "st_nlink")
        )
        whole = not file.is_symlink() and file.read_text() == CONTENT.replace("old", "new")
        print(json.dumps({"at": at, "outcome": outcome, "victim_kept": kept, "whole": whole}))
        if finished:
            return


def kill_at(file: Path, at: int) -> None:
    """One write that ends at that moment as kill -9 ends it."""
    Moments().arm(at, lambda: os._exit(9))
    rewrite_user_token(file, "u", "new", now=NOW)


if __name__ == "__main__":
    if sys.argv[1] == "swap":
        swap_at_every_moment(Path(sys.argv[2]), sys.argv[3])
    else:
        kill_at(Path(sys.argv[2]), int(sys.argv[3]))
