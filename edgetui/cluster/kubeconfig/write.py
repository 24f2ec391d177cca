"""Write new tokens into kubeconfig files, and nothing else.

Every byte around a token stays as it is; the file before is kept beside it, with the same owner and mode. Files
that a distribution writes itself are refused: it would undo the change at its next start. So is a file with a second
name (a hard link), which would go on holding the old token.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from edgetui.cluster import atomic_file
from edgetui.cluster.atomic_file import Original
from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig import search, yaml_edit, yaml_file
from edgetui.cluster.kubeconfig.yaml_edit import Place
from edgetui.model.text import clean

KEPT_BACKUPS = 3
_BACKUP = ".edgetui-backup-"


class OwnedByDistribution(KubeconfigError):
    """The file is a distribution's own and is never written; a personal kubeconfig is the way."""


class Backup(msgspec.Struct, frozen=True):
    """`path` holds what `file` held before: copy it back to undo the change."""

    path: Path
    file: Path


def rewrite_user_token(
    file: Path, user: str, new_token: str, *, now: float, root: Path = Path("/")
) -> Backup:
    """Put `new_token` in the place of the token of `user` in the kubeconfig `file`.

    When the user has a tokenFile, that file gets the token instead, because it counts more. It waits for
    client-go's lock and syncs to disk, so run it in a thread. Raises KubeconfigError (OwnedByDistribution,
    atomic_file.Locked, yaml_surgery.Untouchable among them) and then has written nothing.
    """
    if not new_token or any(c.isspace() or not c.isprintable() for c in new_token):
        raise KubeconfigError(
            "The new token is empty or has a space in it, so it is not written.", "Ask for another one."
        )
    _refuse_owned(file, root)
    fields = yaml_edit.user_fields(yaml_file.read_bounded(file), user, clean(str(file)))
    token_file = fields.get("tokenFile")
    if isinstance(token_file, str) and token_file:
        return _rewrite_token_file(file.absolute().parent / token_file, new_token, now, root)
    return _rewrite(file, user, {("token",): new_token}, now)


def rewrite_provider_tokens(
    file: Path, user: str, tokens: Mapping[str, str], *, now: float, root: Path = Path("/")
) -> Backup | None:
    """Keep new id- and refresh-tokens of an auth-provider; those that the file does not have yet are left out.

    None when there was none to replace. Raises as `rewrite_user_token`.
    """
    _refuse_owned(file, root)
    fields = yaml_edit.user_fields(yaml_file.read_bounded(file), user, clean(str(file)))
    provider: Any = fields.get("auth-provider")
    config = provider.get("config") if isinstance(provider, dict) else None
    present = {key: text for key, text in tokens.items() if isinstance(config, dict) and config.get(key)}
    if not present:
        return None
    changes: dict[Place, str] = {("auth-provider", "config", key): text for key, text in present.items()}
    return _rewrite(file, user, changes, now)


def _refuse_owned(file: Path, root: Path) -> None:
    if search.owned_by_distribution(file, root):
        raise OwnedByDistribution(
            f"{clean(str(file))} belongs to the Kubernetes distribution on this host, which writes it anew.",
            "Make a personal kubeconfig instead, and use that.",
        )


def refuse_second_name(file: Path) -> None:
    """Raise KubeconfigError when the file has another name, which would go on holding the old token."""
    try:
        _refuse_linked(file, file.stat())
    except OSError as error:
        raise atomic_file.cannot_write(file, error) from None


def _refuse_linked(file: Path, seen: os.stat_result) -> None:
    if seen.st_nlink > 1:
        shown = clean(str(file))
        raise KubeconfigError(
            f"{shown} has another name (a hard link), which would keep the old token.",
            f"Find it with find / -xdev -samefile {shown}; to part them: cp -p {shown} {shown}.new && "
            f"mv {shown}.new {shown}",
        )


def _rewrite(file: Path, user: str, changes: Mapping[Place, str], now: float) -> Backup:
    with _original(file) as original:
        after = yaml_edit.replace_for_user(original.content, user, changes, clean(str(file)))
        return _swap(original, file, after, now)


def _rewrite_token_file(file: Path, token: str, now: float, root: Path) -> Backup:
    _refuse_owned(file, root)
    with _original(file) as original:
        before = original.content
        end = before[len(before.rstrip()) :] if before.strip() else b""
        return _swap(original, file, token.encode() + end, now)


@contextlib.contextmanager
def _original(file: Path) -> Iterator[Original]:
    with atomic_file.locked(file), atomic_file.opened(file, yaml_file.MAX_BYTES) as original:
        _refuse_linked(file, original.seen)
        yield original


def _swap(original: Original, file: Path, after: bytes, now: float) -> Backup:
    backup = Backup(_keep(original, now), file)
    try:
        original.replace(after)
    except BaseException:
        if original.in_place:
            original.remove(backup.path.name)
        raise
    _forget_old(original)
    return backup


def _keep(original: Original, now: float) -> Path:
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    for number in range(100):
        with contextlib.suppress(FileExistsError):
            return original.copy(f"{original.path.name}{_BACKUP}{stamp}{f'-{number:02}' if number else ''}")
    shown = clean(str(original.path))
    raise KubeconfigError(f"{shown} has too many backups from this second.", "Try again.")


def _forget_old(original: Original) -> None:
    """Remove all backups but the newest."""
    kept = sorted(name for name in original.names() if name.startswith(original.path.name + _BACKUP))
    for old in kept[:-KEPT_BACKUPS]:
        original.remove(old)
