"""Crash files: useful to a developer, useless to a thief."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.crash import sentence, without_secrets


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
        "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA==\n-----END EC PRIVATE KEY-----",
        "Authorization: Bearer abc.def-123",
        "Authorization: Basic dXNlcjpwYXNzd29yZA==",
        "{'token': 'K10abcdef::server:5f2'}",
        "password=hunter2-and-more",
        "https://kim:hunter2@proxy:3128",
        "client-key-data: LS0tLS1CRUdJTg==",
        "TG9uZyBydW5zIG9mIGJhc2U2NCBhcmUgcHJvYmFibHkgc2VjcmV0cw==",
    ],
)
def test_what_looks_like_a_credential_is_taken_out(secret: str) -> None:
    text = without_secrets(f"before {secret} after")
    assert text.startswith("before ")
    assert text.endswith(" after")
    assert "(hidden)" in text
    for piece in ("c2ln", "MHcC", "abc.def", "dXNl", "K10abc", "hunter2", "LS0tLS", "TG9u"):
        assert piece not in text


def test_the_lines_of_a_traceback_stay_readable() -> None:
    line = '  File "/opt/a-rather-long-directory-name/and-another-one/edgetui/cluster/session.py", line 13, in start'
    assert without_secrets(line) == line


def test_a_directory_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    text = sentence(ValueError("x"), blocked / "below")
    assert text.startswith("Something unexpected happened (ValueError). Its details could not be written: ")


def test_without_another_place_it_is_the_users_state_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    said = sentence(ValueError("x"))
    (file,) = (tmp_path / "edgetui").iterdir()
    assert str(file) in said
