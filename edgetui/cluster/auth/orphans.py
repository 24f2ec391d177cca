"""Programs that must not outlive this one, however it ends: a guardian ends them when this process is gone.

A signal at the parent's death (PR_SET_PDEATHSIG) reaches a program, but not what it started, and has to be asked
for between fork and exec, where a process with threads may run next to nothing. The guardian is one small shell
that reads which process groups are alive from a pipe; when the pipe ends, so did we, and it kills what is left.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

_SCRIPT = """
alive=
while read -r what group; do
  case $what in
    +) alive="$alive $group" ;;
    -) rest=; for one in $alive; do [ "$one" = "$group" ] || rest="$rest $one"; done; alive=$rest ;;
  esac
done
for one in $alive; do kill -s KILL -- "-$one"; done 2>/dev/null
"""


class _Guardian:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shell: subprocess.Popen[bytes] | None = None

    def tell(self, line: str) -> None:
        import subprocess

        with self._lock, contextlib.suppress(OSError):
            if self._shell is None or self._shell.poll() is not None:
                self._shell = subprocess.Popen(
                    ["/bin/sh", "-c", _SCRIPT],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    bufsize=0,
                )
            assert self._shell.stdin is not None
            self._shell.stdin.write(line.encode())


_guardian = _Guardian()


def prepare() -> None:
    """Have the guardian there before what it is to guard."""
    _guardian.tell("")


def guard(group: int) -> None:
    """Kill this process group should this program end before `release`."""
    _guardian.tell(f"+ {group}\n")


def release(group: int) -> None:
    """The group has ended, or may live on."""
    _guardian.tell(f"- {group}\n")
