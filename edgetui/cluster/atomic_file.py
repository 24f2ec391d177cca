"""Replace a file as a whole or not at all, and never make it readable to more people than before.

kubectl and everything built on client-go take `<file>.lock` (O_EXCL) before they write a kubeconfig
(`tools/clientcmd/loader.go`); `locked` takes the same. `replace` then writes a new file beside the old one and
renames it over it, so a reader sees one or the other.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from edgetui.cluster.errors import KubeconfigError
from edgetui.model.text import clean, duration

LOCK_WAIT = 5.0
_EVERY = 0.05


class Locked(KubeconfigError):
    """Another program holds the lock, or left it behind."""


@contextlib.contextmanager
def locked(file: Path, wait: float = LOCK_WAIT) -> Iterator[None]:
    """Hold client-go's lock on `file`, waiting at most `wait` seconds; it blocks, so use a thread.

    A link and what it leads to are both locked: others may know the file by either name. Raises Locked, or
    KubeconfigError when no lock can be made there.
    """
    until = time.monotonic() + wait
    names = sorted({f"{file}.lock", f"{file.resolve()}.lock"})
    with contextlib.ExitStack() as held:
        for name in names:
            lock = Path(name)
            _take(lock, until)
            held.callback(lock.unlink, missing_ok=True)
        yield


def _take(lock: Path, until: float) -> None:
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            if time.monotonic() >= until:
                raise _still_held(lock) from None
            time.sleep(_EVERY)
        except OSError as error:
            raise cannot_write(lock.parent, error) from None
        else:
            return


def _still_held(lock: Path) -> Locked:
    try:
        age = duration(max(0.0, time.time() - lock.stat().st_mtime))
    except OSError:
        age = "a moment"
    shown = clean(str(lock))
    return Locked(
        f"Another program is writing this kubeconfig, or was killed while doing so: {shown} is there since {age}.",
        f"When no kubectl is running, remove it: rm {shown}",
    )


def replace(file: Path, content: bytes, seen: os.stat_result) -> None:
    """Put `content` in the place of `file`, links followed, with the same owner and mode.

    `seen` is the stat of the file when its old content was read: if it has changed since, nothing is written.
    Raises KubeconfigError.
    """
    real = file.resolve()
    try:
        _unchanged(real, seen)
        temporary = real.with_name(f".{real.name}.{secrets.token_hex(6)}.tmp")
        try:
            _write(temporary, content, real, seen)
            _unchanged(real, seen)
            temporary.replace(real)
        finally:
            temporary.unlink(missing_ok=True)
        sync_directory(real.parent)
    except OSError as error:
        raise cannot_write(real, error) from None


def create(file: Path, content: bytes) -> None:
    """Make a new file that only its owner can read. Raises FileExistsError, OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(file, flags, 0o600), "wb") as out:
        os.fchmod(out.fileno(), 0o600)
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def sync_directory(directory: Path) -> None:
    """Make a rename in `directory` survive a power cut."""
    handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def cannot_write(path: Path, error: OSError) -> KubeconfigError:
    """The sentence for a failed write."""
    return KubeconfigError(
        f"{clean(str(path))} cannot be written: {error.strerror or 'unknown error'}.",
        "Check who may write there, and that the disk is neither full nor read-only.",
    )


def _write(temporary: Path, content: bytes, real: Path, seen: os.stat_result) -> None:
    create(temporary, content)
    handle = os.open(temporary, os.O_WRONLY | os.O_CLOEXEC)
    try:
        made = os.fstat(handle)
        if (made.st_uid, made.st_gid) != (seen.st_uid, seen.st_gid):
            try:
                os.fchown(handle, seen.st_uid, seen.st_gid)
            except PermissionError:
                raise KubeconfigError(
                    f"{clean(str(real))} belongs to another user or group, and replacing it would change that.",
                    "Do this as its owner, or with sudo.",
                ) from None
        os.fchmod(handle, stat.S_IMODE(seen.st_mode))
        _copy_attributes(real, temporary)
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy_attributes(source: Path, copy: Path) -> None:
    """Access control lists and security labels, where the system has them."""
    if not hasattr(os, "listxattr"):
        return
    with contextlib.suppress(OSError):
        for name in os.listxattr(source):
            with contextlib.suppress(OSError):
                os.setxattr(copy, name, os.getxattr(source, name))


def _unchanged(real: Path, seen: os.stat_result) -> None:
    now = real.stat()
    if (now.st_ino, now.st_size, now.st_mtime_ns) != (seen.st_ino, seen.st_size, seen.st_mtime_ns):
        raise KubeconfigError(
            f"{clean(str(real))} was changed by another program just now; nothing was written.", "Try again."
        )
