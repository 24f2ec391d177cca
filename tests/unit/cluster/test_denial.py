"""Whom a server names when it denies everything."""

from __future__ import annotations

import pytest

from edgetui.cluster.api.denial import denied, own_namespace


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ('nodes is forbidden: User "bob" cannot list', "The user bob may not read"),
        ('nodes is forbidden: User "system:anonymous" cannot list', "no credentials"),
        ("", "This user may not read"),
    ],
)
def test_the_user_is_named(reason: str, words: str) -> None:
    sentence, step = denied(["", reason])
    assert words in sentence
    assert step


@pytest.mark.parametrize(
    ("message", "namespace"),
    [
        ('namespaces is forbidden: User "system:serviceaccount:line-1:viewer" cannot list', "line-1"),
        ('namespaces is forbidden: User "bob" cannot list', ""),
        ("Forbidden", ""),
    ],
)
def test_a_service_accounts_own_namespace_stands_in_its_name(message: str, namespace: str) -> None:
    assert own_namespace(message) == namespace


@pytest.mark.parametrize("length", [99, 100, 101])
def test_a_name_is_shown_to_its_hundredth_character(length: int) -> None:
    sentence, _ = denied([f'pods is forbidden: User "{"u" * length}" cannot list'])
    shown = "u" * length if length <= 100 else "u" * 99 + "…"
    assert sentence.startswith(f"The user {shown} may not read")


@pytest.mark.parametrize("length", [62, 63, 64])
def test_a_namespace_is_taken_as_long_as_one_can_be(length: int) -> None:
    account = f"system:serviceaccount:{'n' * length}:viewer"
    namespace = own_namespace(f'pods is forbidden: User "{account}" cannot list')
    assert namespace == ("n" * length if length <= 63 else "n" * 62 + "…")
