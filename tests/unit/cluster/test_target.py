"""What a kubeconfig says of a cluster, and what errors say: words for a person, and no secret in any of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgetui.cluster import errors
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import ApiError, EdgetuiError, KubeconfigError, TooManyRows
from edgetui.cluster.target import AuthProviderConfig, AuthSettings, ClusterTarget, ExecConfig, Impersonation

WAYS: list[tuple[dict[str, Any], str]] = [
    ({}, "no credentials"),
    ({"token": "t"}, "token"),
    ({"token_file": Path("t"), "token": "t"}, "token file and token"),
    ({"username": "u", "password": "p"}, "user name and password"),
    ({"password": "p"}, "no credentials"),
    ({"exec": ExecConfig("x")}, "credential plugin"),
    ({"auth_provider": AuthProviderConfig("oidc")}, "auth provider"),
    ({"client_certificate": b"c", "client_key": b"k"}, "client certificate"),
    ({"client_certificate_file": Path("c"), "token": "t"}, "client certificate and token"),
    ({"client_key": b"k"}, "no credentials"),
]


@pytest.mark.parametrize(("auth", "way"), WAYS, ids=range(len(WAYS)))
def test_which_credential_it_is_is_said_in_words(auth: dict[str, Any], way: str) -> None:
    found = Credentials(ClusterTarget(name="plant", context="plant", auth=AuthSettings(**auth)))
    assert repr(found) == f"Credentials('plant', {way})"
    assert AuthSettings(**auth).has_client_certificate is ("certificate" in way)
    assert found.has_files is any(name.endswith("_file") for name in auth)


def test_a_target_that_says_nothing_has_nothing() -> None:
    target = ClusterTarget(name="a", context="b")
    assert (target.auth, target.impersonate, target.acting_as) == (AuthSettings(), Impersonation(), None)
    assert (target.owned_by_distribution, target.disable_compression, target.node_shell) == (
        False,
        False,
        False,
    )
    assert target.tls.insecure is False
    assert repr(target) == "ClusterTarget(name='a', context='b', server='', error=None)"
    secret = AuthSettings(token="s3cret", password="s3cret", client_key=b"s3cret")
    assert "s3cret" not in repr(secret) + repr(ExecConfig("x", ("s3cret",), (("a", "s3cret"),)))


def test_an_error_is_a_sentence_and_a_next_step() -> None:
    error = EdgetuiError("It is so.", "Do this.")
    assert (str(error), error.clause, error.args) == ("It is so. Do this.", "It is so", ("It is so.",))
    assert str(EdgetuiError("It is so.")) == "It is so."
    assert KubeconfigError("x").about == ""
    assert errors.MAX_SERVER_TEXT == 256
    told = TooManyRows()
    assert str(told) == f"{TooManyRows.SENTENCE} Name the namespaces to look at with -n or :ns."
    plain = ApiError("No.")
    assert (plain.code, plain.reason, plain.cause, plain.field, plain.retry_after) == (0, "", "", "", None)
    full = ApiError("No.", "Wait.", code=429, reason="R", cause="C", field="f", retry_after=2.0)
    assert (full.code, full.reason, full.cause, full.field, full.retry_after) == (429, "R", "C", "f", 2.0)
    assert str(full) == "No. Wait."


def test_an_error_that_is_kept_lets_the_frames_go_that_it_came_through() -> None:
    try:
        try:
            raise KeyError("first")
        except KeyError as first:
            raise EdgetuiError("Then.") from first
    except EdgetuiError as caught:
        error = caught
    assert error.__traceback__ is not None and error.__cause__ is not None
    error.let_go()
    kept: list[object] = [error.__traceback__, error.__cause__, error.__context__]
    assert kept == [None, None, None]
