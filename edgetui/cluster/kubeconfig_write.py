"""Write new tokens into kubeconfig files, and nothing else.

Every byte around a token stays as it is; the file before is kept beside it, readable by its owner only. Files
that a distribution writes itself are refused: it would undo the change at its next start.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from edgetui.cluster import atomic_file, discovery, yaml_file, yaml_surgery
from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.yaml_surgery import Place
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
    fields = yaml_surgery.user_fields(yaml_file.read_bounded(file), user, clean(str(file)))
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
    fields = yaml_surgery.user_fields(yaml_file.read_bounded(file), user, clean(str(file)))
    provider: Any = fields.get("auth-provider")
    config = provider.get("config") if isinstance(provider, dict) else None
    present = {key: text for key, text in tokens.items() if isinstance(config, dict) and config.get(key)}
    if not present:
        return None
    changes: dict[Place, str] = {("auth-provider", "config", key): text for key, text in present.items()}
    return _rewrite(file, user, changes, now)


def _refuse_owned(file: Path, root: Path) -> None:
    if discovery.owned_by_distribution(file, root):
        raise OwnedByDistribution(
            f"{clean(str(file))} belongs to the Kubernetes distribution on this host, which writes it anew.",
            "Make a personal kubeconfig instead, and use that.",
        )


def _rewrite(file: Path, user: str, changes: Mapping[Place, str], now: float) -> Backup:
    with atomic_file.locked(file):
        before, seen = _read(file)
        after = yaml_surgery.replace_for_user(before, user, changes, clean(str(file)))
        return _swap(file, before, after, seen, now)


def _rewrite_token_file(file: Path, token: str, now: float, root: Path) -> Backup:
    _refuse_owned(file, root)
    with atomic_file.locked(file):
        before, seen = _read(file)
        end = before[len(before.rstrip()) :] if before.strip() else b""
        return _swap(file, before, token.encode() + end, seen, now)


def _read(file: Path) -> tuple[bytes, os.stat_result]:
    try:
        seen = file.stat()
    except OSError as error:
        raise atomic_file.cannot_write(file, error) from None
    return yaml_file.read_bounded(file), seen


def _swap(file: Path, before: bytes, after: bytes, seen: os.stat_result, now: float) -> Backup:
    backup = Backup(_keep(file.resolve(), before, now), file)
    try:
        atomic_file.replace(file, after, seen)
    except KubeconfigError:
        backup.path.unlink(missing_ok=True)
        raise
    _forget_old(file.resolve())
    return backup


def _keep(file: Path, content: bytes, now: float) -> Path:
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    for number in range(100):
        path = file.with_name(f"{file.name}{_BACKUP}{stamp}{f'-{number:02}' if number else ''}")
        try:
            atomic_file.create(path, content)
        except FileExistsError:
            continue
        except OSError as error:
            raise atomic_file.cannot_write(path, error) from None
        return path
    raise KubeconfigError(f"{clean(str(file))} has too many backups from this second.", "Try again.")


def _forget_old(file: Path) -> None:
    """Remove all backups but the newest; one that cannot be removed is no reason to fail a finished write."""
    kept = sorted(p for p in file.parent.iterdir() if p.name.startswith(file.name + _BACKUP))
    for old in kept[:-KEPT_BACKUPS]:
        with contextlib.suppress(OSError):
            old.unlink()
