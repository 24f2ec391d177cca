"""New tokens in kubeconfig files: what is refused in which words, which backups stay, what a failure
leaves.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edgetui.cluster.atomic_file import Original
from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig import write
from edgetui.cluster.kubeconfig.write import (
    Backup,
    OwnedByDistribution,
    refuse_second_name,
    rewrite_provider_tokens,
    rewrite_user_token,
)
from tests.unit.cluster.kubeconfigs import put

NOW = 1_760_000_000.0
STAMP = "edgetui-backup-20251009T085320Z"
TEXT = "users: [{name: u, user: {token: old}}]\n"
CONFIG = "{id-token: i, refresh-token: r, x: ''}"
PROVIDER = f"users: [{{name: u, user: {{auth-provider: {{name: oidc, config: {CONFIG}}}}}}}]\n"


def names(directory: Path) -> list[str]:
    return sorted(one.name for one in directory.iterdir())


@pytest.mark.parametrize("token", ["", " ", "a b", "a\nb", "a\x7fb", "a\u200bb", "a\u2028b"])
def test_a_token_that_is_none_is_not_written(tmp_path: Path, token: str) -> None:
    file = put(tmp_path / "config", TEXT)
    with pytest.raises(KubeconfigError) as caught:
        rewrite_user_token(file, "u", token, now=NOW)
    assert str(caught.value) == (
        "The new token is empty or has a space in it, so it is not written. Ask for another one."
    )
    assert names(tmp_path) == ["config"]


def test_the_file_before_is_kept_beside_it(tmp_path: Path) -> None:
    file = put(tmp_path / "config", TEXT)
    backup = rewrite_user_token(file, "u", "new", now=NOW)
    assert backup == Backup(tmp_path / f"config.{STAMP}", file)
    assert (file.read_text(), backup.path.read_text()) == (TEXT.replace("old", "new"), TEXT)


def test_several_in_one_second_are_numbered_and_the_newest_three_stay(tmp_path: Path) -> None:
    file = put(tmp_path / "config", TEXT)
    put(tmp_path / "config.edgetui-backup-older", "")
    put(tmp_path / "other.edgetui-backup-1", "")
    for number in range(5):
        backup = rewrite_user_token(file, "u", f"new{number}", now=NOW)
        assert backup.path.name == f"config.{STAMP}{f'-{number:02}' if number else ''}" or number > 2
    kept = [name for name in names(tmp_path) if "backup" in name]
    assert len(kept) == 4 and "other.edgetui-backup-1" in kept
    assert write.KEPT_BACKUPS == 3


def test_after_a_hundred_in_one_second_it_is_given_up(tmp_path: Path) -> None:
    file = put(tmp_path / "config", TEXT)
    for number in range(100):
        put(tmp_path / f"config.{STAMP}{f'-{number:02}' if number else ''}", "")
    with pytest.raises(KubeconfigError) as caught:
        rewrite_user_token(file, "u", "new", now=NOW)
    assert str(caught.value) == f"{file} has too many backups from this second. Try again."
    assert file.read_text() == TEXT
    (tmp_path / f"config.{STAMP}-99").unlink()
    assert rewrite_user_token(file, "u", "new", now=NOW).path.name == f"config.{STAMP}-99"


@pytest.mark.parametrize("late", [False, True])
def test_a_write_that_fails_leaves_no_backup_and_one_that_came_too_late_keeps_it(
    tmp_path: Path, late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(tmp_path / "config", TEXT)

    def fail(self: Original, content: bytes) -> None:
        if late:
            file.write_text("theirs, and longer than before, so that it shows")
        raise KubeconfigError("No.")

    monkeypatch.setattr(Original, "replace", fail)
    with pytest.raises(KubeconfigError, match="No"):
        rewrite_user_token(file, "u", "new", now=NOW)
    assert names(tmp_path) == ["config", *([f"config.{STAMP}"] if late else [])]


def test_a_file_with_a_second_name_is_refused(tmp_path: Path) -> None:
    file = put(tmp_path / "config", TEXT)
    refuse_second_name(file)
    os.link(file, tmp_path / "second")
    said = (
        f"{file} has another name (a hard link), which would keep the old token. "
        f"Find it with find / -xdev -samefile {file}; to part them: cp -p {file} "
        f"{file}.new && mv {file}.new {file}"
    )
    for call in (refuse_second_name, lambda path: rewrite_user_token(path, "u", "new", now=NOW)):
        with pytest.raises(KubeconfigError) as caught:
            call(file)
        assert str(caught.value) == said
    assert names(tmp_path) == ["config", "second"]
    with pytest.raises(KubeconfigError, match="cannot be written: No such file"):
        refuse_second_name(tmp_path / "gone")


def test_a_file_of_a_distribution_is_refused_also_where_a_token_file_is(tmp_path: Path) -> None:
    owned = put(tmp_path / "etc/rancher/k3s/k3s.yaml", TEXT)
    named = put(tmp_path / "config", f"users: [{{name: u, user: {{tokenFile: {owned}, token: old}}}}]\n")
    said = (
        f"{owned} belongs to the Kubernetes distribution on this host, which writes it anew. "
        "Make a personal kubeconfig instead, and use that."
    )
    calls: list[Callable[[], object]] = [
        lambda: rewrite_user_token(owned, "u", "new", now=NOW, root=tmp_path),
        lambda: rewrite_user_token(named, "u", "new", now=NOW, root=tmp_path),
        lambda: rewrite_provider_tokens(owned, "u", {"id-token": "n"}, now=NOW, root=tmp_path),
    ]
    for call in calls:
        with pytest.raises(OwnedByDistribution) as caught:
            call()
        assert str(caught.value) == said


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"old", b"new"),
        (b"old\n", b"new\n"),
        (b" old \r\n\n", b"new \r\n\n"),
        (b"", b"new"),
        (b" \n", b"new"),
    ],
)
def test_a_token_file_keeps_what_is_behind_its_token(tmp_path: Path, before: bytes, after: bytes) -> None:
    (tmp_path / "token").write_bytes(before)
    file = put(tmp_path / "config", "users: [{name: u, user: {tokenFile: token, token: old}}]\n")
    text = file.read_text()
    backup = rewrite_user_token(file, "u", "new", now=NOW)
    assert (tmp_path / "token").read_bytes() == after
    assert backup == Backup(tmp_path / f"token.{STAMP}", tmp_path / "token")
    assert file.read_text() == text


@pytest.mark.parametrize(
    ("text", "tokens", "after"),
    [
        (PROVIDER, {"id-token": "j"}, PROVIDER.replace("id-token: i", "id-token: j")),
        (
            PROVIDER,
            {"id-token": "j", "refresh-token": "s"},
            PROVIDER.replace("id-token: i", "id-token: j").replace("refresh-token: r", "refresh-token: s"),
        ),
        (PROVIDER, {"id-token": "j", "x": "y", "z": "w"}, PROVIDER.replace("id-token: i", "id-token: j")),
        (PROVIDER, {"x": "y"}, None),
        (PROVIDER, {}, None),
        (TEXT, {"id-token": "j"}, None),
        ("users: [{name: u, user: {auth-provider: text}}]\n", {"id-token": "j"}, None),
        ("users: [{name: u, user: {auth-provider: {config: text}}}]\n", {"id-token": "j"}, None),
    ],
    ids=range(8),
)
def test_of_the_tokens_of_a_provider_those_are_kept_that_were_there(
    tmp_path: Path, text: str, tokens: dict[str, str], after: str | None
) -> None:
    file = put(tmp_path / "config", text)
    backup = rewrite_provider_tokens(file, "u", tokens, now=NOW)
    assert (backup is None) is (after is None)
    assert file.read_text() == (after or text)
    assert len(names(tmp_path)) == (1 if after is None else 2)
