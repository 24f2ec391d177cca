"""Every field of a user with every sort of value: the target that comes of it, or the sentence.

`pytest tests/unit/cluster/test_user.py --snapshot-update` takes what is made now; look at what differs first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.unit.cluster.kubeconfig_fields import (
    BASES,
    DATA,
    ENCRYPTED,
    EXEC,
    MAPPINGS,
    ODD,
    V1,
    table,
)

CASES: dict[str, tuple[tuple[str, ...], tuple[Any, ...]]] = {
    "token": (tuple(BASES), (*ODD, "a\nb", "a\rb", "a\0b", "\n t \n")),
    "tokenFile": (tuple(BASES), (*ODD, "./x/../t")),
    "username": (tuple(BASES), ODD),
    "password": (tuple(BASES), ODD),
    "client-certificate-data": (("a token", "a pair"), (*ODD, *DATA)),
    "client-certificate": (("a token", "nothing", "a pair", "a plugin"), (*ODD, "ca.pem", "gone", "key.pem")),
    "client-key-data": (("a token", "a pair"), (*ODD, *DATA, ENCRYPTED)),
    "client-key": (("a token", "a pair"), (*ODD, "ca.pem", "key.pem", "gone")),
    "as": (("a token", "no TLS"), ODD),
    "as-uid": (("a token",), ODD),
    "as-groups": (("a token",), ODD),
    "as-user-extra": (("a token",), (*ODD, *MAPPINGS)),
    "exec": (tuple(BASES), (None, "", 5, [], {}, EXEC)),
    "auth-provider": (tuple(BASES), (None, "", 5, [], {}, {"name": "oidc"})),
    "exec.command": (("a plugin",), (*ODD, "./login", "a/../b", "/opt/login", " login ")),
    "exec.apiVersion": (("a plugin",), (*ODD, V1, V1 + "beta1", V1 + "alpha1")),
    "exec.interactiveMode": (("a plugin",), (*ODD, "Never", "IfAvailable", "Always", "never")),
    "exec.args": (("a plugin",), ODD),
    "exec.installHint": (("a plugin",), (*ODD, "two\nlines")),
    "exec.provideClusterInfo": (("a plugin",), ODD),
    "exec.env": (
        ("a plugin",),
        (
            *ODD,
            {},
            {"name": "A"},
            [{}],
            [{"name": ""}],
            [{"name": 5}],
            [{"name": "A"}],
            [{"name": "A", "value": None}, {"name": "B", "value": "b"}],
            [{"name": "A", "value": 5}],
            [None],
        ),
    ),
    "auth-provider.name": (("a provider",), ODD),
    "auth-provider.config": (("a provider",), (*ODD, *MAPPINGS)),
}


@pytest.mark.parametrize("field", CASES)
def test_what_each_value_of_a_field_makes(field: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    assert table(tmp_path, field, *CASES[field]) == snapshot
