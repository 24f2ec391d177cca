"""Whom a server names when it denies everything."""

from __future__ import annotations

import pytest

from edgetui.cluster.denial import denied


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
