"""Build what a control plane needs and the cache lacks: ``python -m tests.controlplane.build``.

A program found in ``$KUBEBUILDER_ASSETS`` is used as it is. Everything else is built from the Go modules
under ``tools/``, once, into a cache outside the tree (see ``assets.cache_root``).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import assets
from .assets import Assets, Files, Tool
from .golang import BuildError, Go, find_go

_JOBS = 2  # a linker needs up to 3 GB; more at once would not fit a small machine
_SHOWN_LINES = 20


def say(text: str) -> None:
    """Print one line of progress."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def ensure(report: Callable[[str], None] = say) -> Assets:
    """Every program and stage file of a control plane, built first where missing. Raises BuildError."""
    found, missing = assets.find()
    if not missing and all(files.there for files in assets.FILES):
        return found
    with _only_one_build(report):
        found, missing = assets.find()  # another run may have built them meanwhile
        lacking = [files for files in assets.FILES if not files.there]
        if missing or lacking:
            go = find_go(report)
            for number, tool in enumerate(missing, start=1):
                report(f"building {tool.name}, {number} of {len(missing)}, {tool.takes}, once")
                started = time.monotonic()
                _build(go, tool)
                report(f"built {tool.name} in {time.monotonic() - started:.0f} s")
            for files in lacking:
                _copy(go, files)
    found, missing = assets.find()
    if missing:
        raise BuildError(f"{missing[0].name} was built but cannot be run from {assets.cache_root()}.")
    return found


@contextmanager
def _only_one_build(report: Callable[[str], None]) -> Iterator[None]:
    root = assets.cache_root()
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / "lock").open("w")
    except OSError as error:
        raise BuildError(
            f"The cache directory {root} cannot be written ({error.strerror}); "
            "set TEST_EDGETUI_CACHE to one that can."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("another run is building the control plane: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(go: Go, tool: Tool) -> None:
    if tool.cgo and not any(shutil.which(name) for name in (os.environ.get("CC", "cc"), "gcc", "clang")):
        raise BuildError(
            f"{tool.name} cannot be built because there is no C compiler; "
            "install gcc (package build-essential or gcc)."
        )
    target = assets.module_cache(tool.module) / "bin" / tool.name
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent.parent, prefix="building-") as scratch:
        program = Path(scratch) / tool.name
        command = ["build", "-p", str(_JOBS), *tool.flags, "-o", str(program), tool.package]
        answer = go.run(command, tool.module_dir, CGO_ENABLED="1" if tool.cgo else "0")
        if answer.returncode != 0:
            _show(answer.stderr)
            raise BuildError(f"{tool.name} could not be built: {_why(answer.stderr)}")
        program.chmod(0o755)
        program.replace(target)


def _copy(go: Go, files: Files) -> None:
    """Copy files of a Go module, so that they are there when Go's module cache is not."""
    answer = go.run(["mod", "download", "-json", files.of], assets.TOOLS_DIR / files.module)
    if answer.returncode != 0:
        _show(answer.stderr)
        raise BuildError(
            f"The files of {files.of} could not be fetched: {_why(answer.stderr + answer.stdout)}"
        )
    module = Path(json.loads(answer.stdout)["Dir"])
    target = files.kept
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="copying-") as scratch:
        complete = Path(scratch) / files.directory
        complete.mkdir()
        for name, path in zip(files.names, files.paths, strict=True):
            (complete / name).write_bytes((module / path).read_bytes())
        shutil.rmtree(target, ignore_errors=True)
        complete.replace(target)


def _show(output: str) -> None:
    for line in output.splitlines()[-_SHOWN_LINES:]:
        say(f"  {line}")


def _why(output: str) -> str:
    """Go's failure in one plain sentence with the next step."""
    if any(sign in output for sign in ("dial tcp", "lookup ", "i/o timeout", "Forbidden", "reading http")):
        return (
            "its Go modules could not be downloaded; check the network and GOPROXY, "
            "or point KUBEBUILDER_ASSETS at ready-made programs."
        )
    if "no space left on device" in output:
        return "the disk is full; the build needs about 4 GB in Go's cache and in TEST_EDGETUI_CACHE."
    if "signal: killed" in output or "cannot allocate memory" in output:
        return "there was not enough memory; the build needs about 3 GB."
    return "the lines above are what Go said about it."


def main() -> int:
    """Build what is missing and say where everything is."""
    try:
        found = ensure()
    except BuildError as error:
        say(str(error))
        return 1
    for name, path in found.programs.items():
        sys.stdout.write(f"{name} {path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
