"""The durable record of every write: one JSON object per line, written before and after, never a secret byte.

Each line carries the SHA-256 of the line before it, so a line that was altered or taken out shows. Several edgetui
processes share one file under an advisory lock. A line torn by a power cut is kept and stepped over.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from edgetui.actions.messages import Refusal
from edgetui.cluster import own_file
from edgetui.cluster.own_file import NotOurs
from edgetui.model.redaction import TOKEN

GENESIS = "0" * 64
_TAIL = 65536
_RECENT = 64 << 20  # bytes that are looked through: a hundred thousand records


def default_path() -> Path:
    """Where the record is kept: `audit.jsonl` in the user's state directory (XDG_STATE_HOME on Linux)."""
    return Path(platformdirs.user_state_dir("edgetui", appauthor=False)) / "audit.jsonl"


def stamp(moment: float) -> str:
    """A Unix time as the record has it."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def without_tokens(value: Any) -> Any:
    """The same JSON value with every JSON Web Token in it replaced by "[token]"."""
    if isinstance(value, str):
        return TOKEN.sub("[token]", value)
    if isinstance(value, Mapping):
        return {without_tokens(str(k)): without_tokens(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [without_tokens(v) for v in value]
    return value


def who(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Who is at the keyboard: the system user, who they were before sudo, and where their SSH connection is from."""
    env = os.environ if environ is None else environ
    try:
        import pwd

        user = pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        user = getpass.getuser() if env.get("USER") or env.get("LOGNAME") else str(os.getuid())
    found = {"user": user, "uid": str(os.getuid())}
    if env.get("SUDO_USER"):
        found["sudo_user"] = env["SUDO_USER"]
    if env.get("SSH_CONNECTION"):
        found["ssh_client"] = env["SSH_CONNECTION"].split(" ")[0]
    return found


class Verification(msgspec.Struct, frozen=True):
    """What reading the whole record back found. `broken` are line numbers (from 1) that do not follow their
    predecessor; `torn` are lines that are not JSON, as a power cut leaves them."""

    records: int
    torn: tuple[int, ...]
    broken: tuple[int, ...]


class AuditLog:
    """Appends records to one file; every call returns only when the line is on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one record. Raises Refusal when it cannot be made durable; then nothing may be changed."""
        try:
            with self._locked() as fd:
                line = self._line(fd, record)
                self._write(fd, line)
        except OSError as problem:
            step = "Free some space or make that directory writable, then try again."
            if isinstance(problem, NotOurs):
                own = self.path.parent
                step = f"Run: chmod 700 {own}; or set XDG_STATE_HOME to a directory that is yours alone."
            raise Refusal(
                f"The audit record {self.path} cannot be written ({problem.strerror or problem}).",
                step,
            ) from None

    def verify(self) -> Verification:
        """Read everything back and check the chain. Raises OSError when the file is there and cannot be read."""
        if not self.path.exists():
            return Verification(0, (), ())
        previous, count = GENESIS, 0
        torn: list[int] = []
        broken: list[int] = []
        with own_file.open_for_reading(self.path) as file:
            for number, raw in enumerate(file, 1):
                record = _parse(raw)
                if record is None:
                    torn.append(number)
                    continue
                count += 1
                claimed = str(record.pop("hash", ""))
                if record.get("prev") != previous or claimed != _digest(record):
                    broken.append(number)
                previous = claimed
        return Verification(count, tuple(torn), tuple(broken))

    def about(self, uid: str) -> list[dict[str, Any]]:
        """The records about the object with that uid, oldest first, as far back as the last megabytes go.

        Those that were altered are left out. Raises Refusal when the file is there and cannot be read.
        """
        return [one for one in self.recent(uid) if one.get("uid") == uid] if uid else []

    def recent(self, sign: str = "", since: float = 0.0) -> Iterator[dict[str, Any]]:
        """The records of the last megabytes, oldest first: those with `sign` in them, and none before `since` (Unix s).

        Everything that reads the record back reads it here. Those that were altered are left out. Raises Refusal when
        the file is there and cannot be read.
        """
        try:
            yield from self._read(sign.encode(), since)
        except OSError as problem:
            raise Refusal(
                f"The audit record {self.path} cannot be read ({problem.strerror or problem}).",
                "Check whose it is: it has to belong to the user that runs edgetui.",
            ) from None

    def _read(self, sign: bytes, since: float) -> Iterator[dict[str, Any]]:
        if not self.path.exists():
            return
        earliest = b'"time":"' + stamp(since).encode() if since else b""
        with own_file.open_for_reading(self.path) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _RECENT))
            for raw in file:
                at = raw.find(b'"time":"') if earliest else 0
                if at < 0 or raw[at : at + len(earliest)] < earliest or sign not in raw:
                    continue
                record = _parse(raw)
                if record is not None and str(record.pop("hash", "")) == _digest(record):
                    yield record

    @contextmanager
    def _locked(self) -> Iterator[int]:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        with own_file.directory(self.path.parent) as directory:
            new = not self.path.exists()
            fd = os.open(self.path.name, flags, 0o600, dir_fd=directory)
            try:
                found = os.fstat(fd)
                if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
                    raise NotOurs(0, "it is no file of this user")
                if found.st_mode & 0o077:
                    os.fchmod(fd, 0o600)
                fcntl.flock(fd, fcntl.LOCK_EX)
                yield fd
                os.fsync(fd)
                if new:
                    os.fsync(directory)
            finally:
                os.close(fd)

    def _line(self, fd: int, record: Mapping[str, Any]) -> bytes:
        previous, torn = _last(fd)
        body = without_tokens(dict(record))
        body["prev"] = previous
        body["hash"] = _digest(body)
        return (b"\n" if torn else b"") + _canonical(body) + b"\n"

    def _write(self, fd: int, line: bytes) -> None:
        """All of the line or none of it: a disk that fills up half way leaves the file as it was."""
        before = os.fstat(fd).st_size
        try:
            done = 0
            while done < len(line):
                done += os.write(fd, line[done:])
        except OSError:
            os.ftruncate(fd, before)
            raise


def _last(fd: int) -> tuple[str, bool]:
    """The hash of the last whole record, and whether an unfinished line follows it."""
    size = os.fstat(fd).st_size
    window = _TAIL
    while True:
        start = max(0, size - window)
        tail = os.pread(fd, size - start, start)
        lines = tail.split(b"\n")
        torn = bool(lines[-1])
        for raw in reversed(lines[1:] if start else lines):
            record = _parse(raw)
            if record is not None and isinstance(record.get("hash"), str):
                return record["hash"], torn
        if not start:
            return GENESIS, torn
        window *= 4


def _parse(raw: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _canonical(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _digest(record: Mapping[str, Any]) -> str:
    import hashlib  # 0.6 MB, and most runs write nothing

    return hashlib.sha256(_canonical(record)).hexdigest()
