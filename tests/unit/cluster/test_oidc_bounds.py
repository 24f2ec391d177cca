"""OIDC users without an identity provider: when a token is renewed, what the helper is given, each ending whole."""

from __future__ import annotations

import io
import json
import os
import ssl
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import edgetui
from edgetui.cluster.auth import oidc, oidc_helper, subprocess
from edgetui.cluster.auth.oidc import ProviderToken
from edgetui.cluster.auth.shared_run import REST
from edgetui.cluster.auth.subprocess import Finished, TimeIsUp, TooMuchOutput
from edgetui.cluster.errors import CredentialError
from edgetui.cluster.target import AuthProviderConfig, ClusterTarget
from tests.unit.cluster.kubeconfigs import config, one, put
from tests.unit.cluster.test_oidc import NOW, Clock, jwt

SETTINGS = {"idp-issuer-url": "https://idp.example", "client-id": "edgetui", "refresh-token": "r1"}
AGAIN = "Sign in again the way this kubeconfig was made."
ROOT = str(Path(edgetui.__file__).resolve().parents[1])


class Helper:
    """Takes the place of the helper process: what it was given, and what it says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs: list[tuple[list[str], dict[str, str], float, Any]] = []
        self.ends: Finished | BaseException = Finished(0, b"{}", "")
        self.gives(jwt(NOW + 3600, "new"), "r2")
        monkeypatch.setattr(subprocess, "run", self._run)
        monkeypatch.setattr(oidc, "find_spec", lambda name: name == "kubernetes" or None)

    def gives(self, token: str | None, refresh: str | None) -> None:
        tokens = {"id-token": token, "refresh-token": refresh, "client-id": "other"}
        self.ends = Finished(0, json.dumps({"config": tokens}).encode(), "")

    async def _run(
        self, argv: Sequence[str], env: Mapping[str, str], time_limit: float, stdin: bytes
    ) -> Finished:
        self.runs.append((list(argv), dict(env), time_limit, json.loads(stdin)))
        if isinstance(self.ends, BaseException):
            raise self.ends
        return self.ends


@pytest.fixture
def helper(monkeypatch: pytest.MonkeyPatch) -> Helper:
    return Helper(monkeypatch)


def token(clock: Clock | None = None, name: str = "oidc", **settings: str) -> ProviderToken:
    target = ClusterTarget(name="p", context="p", user_name="kim")
    clock = clock or Clock()
    held = {**SETTINGS, **{key.replace("_", "-"): value for key, value in settings.items()}}
    return ProviderToken(AuthProviderConfig(name, held), target, clock, clock)


async def refused(found: ProviderToken) -> str:
    with pytest.raises(CredentialError) as caught:
        await found.current()
    return str(caught.value)


@pytest.mark.parametrize(
    ("left", "runs"), [(-60, 1), (0, 1), (9.99, 1), (10, 1), (10.01, 0), (3600, 0), (None, 0), ("", 1)]
)
async def test_a_token_is_renewed_ten_seconds_before_its_end(helper: Helper, left: Any, runs: int) -> None:
    clock, ends = Clock(), int(NOW) + 100
    held = {None: "opaque", "": ""}.get(left, jwt(ends))
    found = token(clock, id_token=held)
    assert found.in_use == held
    if isinstance(left, int | float):
        clock.now = ends - left
    current = await found.current()
    assert (len(helper.runs), current != held) == (runs, runs == 1)
    assert await found.current() == found.in_use == current
    assert len(helper.runs) == runs


async def test_a_token_without_an_end_is_not_renewed_by_itself(helper: Helper) -> None:
    held = jwt(0)
    assert await token(id_token=held).current() == held
    assert helper.runs == []


async def test_after_a_refusal_it_is_renewed_once_in_a_while_and_only_with_a_refresh_token(
    helper: Helper,
) -> None:
    clock = Clock()
    found = token(clock, id_token="opaque")
    assert await found.refresh()
    assert found.in_use == jwt(NOW + 3600, "new")
    clock.now += REST - 0.01
    assert not await found.refresh()
    assert len(helper.runs) == 1
    clock.now += 0.01
    assert not await found.refresh(), "the same once more is no other"
    assert len(helper.runs) == 2
    assert helper.runs[1][3]["config"]["refresh-token"] == "r2"
    assert not await token(id_token="opaque", refresh_token="").refresh()
    assert len(helper.runs) == 2


async def test_what_the_helper_is_given(helper: Helper, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/home/kim")
    await token().current()
    monkeypatch.setenv("PYTHONPATH", "/other")
    await token().current()
    argv = [sys.executable, "-P", "-m", "edgetui.cluster.auth.oidc_helper"]
    given = {"config": SETTINGS}
    assert helper.runs == [
        (argv, {"HOME": "/home/kim", "PYTHONPATH": ROOT}, 60.0, given),
        (argv, {"HOME": "/home/kim", "PYTHONPATH": f"{ROOT}:/other"}, 60.0, given),
    ]


IDP = "The identity provider https://idp.example"
ENDS: list[tuple[Finished | BaseException, str]] = [
    (TimeIsUp("x"), f"{IDP} did not answer. Check the way to it."),
    (OSError(2, "gone"), f"{IDP} gave no new token: the helper process could not be run. {AGAIN}"),
    (TooMuchOutput(), f"{IDP} gave no new token: the helper process could not be run. {AGAIN}"),
    (
        Finished(0, b"no JSON", "said"),
        f"{IDP} gave no new token: the helper process could not be run. {AGAIN}",
    ),
    (Finished(0, b"[]", ""), f"{IDP} gave no new token: it gave no reason. {AGAIN}"),
    (Finished(1, b"{}", ""), f"{IDP} gave no new token: it gave no reason. {AGAIN}"),
    (Finished(1, b"{}", "a\nb c\n"), f"{IDP} gave no new token: b c. {AGAIN}"),
    (
        Finished(1, b"", "it cannot be reached\n"),
        f"{IDP} gave no new token: it cannot be reached. Check the network, and idp-issuer-url.",
    ),
]


@pytest.mark.parametrize(("ends", "said"), ENDS, ids=range(len(ENDS)))
async def test_each_ending_has_its_sentence(
    helper: Helper, ends: Finished | BaseException, said: str
) -> None:
    helper.ends = ends
    found = token()
    assert await refused(found) == said
    assert await refused(found) == said
    assert len(helper.runs) == 1
    assert found.notice == ""


NO_CLIENT = (
    "The id-token from https://idp.example has ended, and this installation has no OIDC client to get a new one. "
    "Use kubelogin in an exec section of this user, or an edgetui that was installed with pip."
)
WITHOUT: list[tuple[str, dict[str, Any], str]] = [
    (
        "gcp",
        {},
        "The auth provider gcp is no longer part of Kubernetes clients. "
        "Use gke-gcloud-auth-plugin in an exec section of this user instead.",
    ),
    (
        "azure",
        {},
        "The auth provider azure is no longer part of Kubernetes clients. "
        "Use kubelogin in an exec section of this user instead.",
    ),
    (
        "own",
        {},
        "The auth provider own is no longer part of Kubernetes clients. "
        "Use its credential plugin in an exec section of this user instead.",
    ),
    ("oidc", {"idp_issuer_url": ""}, f"The OIDC user kim has no idp-issuer-url. {AGAIN}"),
    ("oidc", {"client_id": ""}, f"The OIDC user kim has no client-id. {AGAIN}"),
    (
        "oidc",
        {"refresh_token": ""},
        "The id-token from https://idp.example has ended, and there is no refresh-token to get a new one. "
        f"{AGAIN}",
    ),
]


@pytest.mark.parametrize(("name", "settings", "said"), WITHOUT, ids=range(len(WITHOUT)))
async def test_what_is_missing_is_said_before_anything_is_run(
    helper: Helper, name: str, settings: dict[str, Any], said: str
) -> None:
    assert await refused(token(name=name, **settings)) == said
    assert helper.runs == []


async def test_an_installation_without_the_official_client_says_so(
    helper: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "find_spec", lambda name: None)
    assert await refused(token()) == NO_CLIENT
    assert helper.runs == []


@pytest.mark.parametrize(
    ("gives", "kept"),
    [
        (("i2", "r2"), {"id-token": "i2", "refresh-token": "r2"}),
        (("i2", "r1"), {"id-token": "i2"}),
        (("i2", None), {"id-token": "i2"}),
        (("i2", ""), {"id-token": "i2"}),
        (("i1", "r1"), None),
    ],
)
async def test_only_what_is_new_is_written_into_the_file(
    helper: Helper,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gives: tuple[str, str | None],
    kept: dict[str, str] | None,
) -> None:
    user = {"auth-provider": {"name": "oidc", "config": {**SETTINGS, "id-token": "i1"}}}
    file = put(tmp_path / "config", config(user=user))
    target = one(file)
    provider, clock = target.auth.auth_provider, Clock()
    assert provider is not None
    helper.gives(*gives)
    found = ProviderToken(provider, target, clock, clock)
    assert await found.refresh() is (gives[0] != "i1")
    assert found.in_use == gives[0]
    assert found.notice == ""
    stored = json.loads(file.read_text())["users"][0]["user"]["auth-provider"]["config"]
    assert stored == {**SETTINGS, "id-token": "i1", **(kept or {})}
    assert len(list(tmp_path.iterdir())) == 1 + (kept is not None), "the file before is kept where it changed"


async def test_what_cannot_be_kept_is_said_and_used_all_the_same(helper: Helper, tmp_path: Path) -> None:
    user = {"auth-provider": {"name": "oidc", "config": {**SETTINGS, "id-token": "i1"}}}
    file = put(tmp_path / "config", config(user=user))
    target = one(file)
    file.unlink()
    assert target.auth.auth_provider is not None
    found = ProviderToken(target.auth.auth_provider, target, Clock(), Clock())
    assert await found.refresh()
    assert found.notice == (
        f"New tokens from the identity provider could not be kept: {file} does not exist. "
        "Check the path, or leave it out."
    )
    assert found.in_use == jwt(NOW + 3600, "new")


class Official:
    """Takes the place of the official package: what it was given, and the id-token that it puts there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.given: dict[str, Any] = {}
        self.options: dict[str, Any] = {}
        self.puts: dict[str, str] = {"id-token": "new", "refresh-token": "r2"}
        self.fails: Exception | None = None
        package, client = ModuleType("kubernetes"), ModuleType("kubernetes.client")
        package.config = SimpleNamespace(load_kube_config_from_dict=self._load)  # type: ignore[attr-defined]
        client.Configuration = lambda: "settings"  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "kubernetes", package)
        monkeypatch.setitem(sys.modules, "kubernetes.client", client)
        monkeypatch.setattr(oidc_helper, "system_authorities", lambda: "/etc/system.pem")

    def _load(self, kubeconfig: dict[str, Any], **options: Any) -> None:
        self.given, self.options = json.loads(json.dumps(kubeconfig)), options
        if self.fails is not None:
            raise self.fails
        kubeconfig["users"][0]["user"]["auth-provider"]["config"].update(self.puts)


@pytest.fixture
def official(monkeypatch: pytest.MonkeyPatch) -> Official:
    return Official(monkeypatch)


EXPIRED = "eyJhbGciOiAibm9uZSJ9.eyJleHAiOiAxfQ.e30"


@pytest.mark.parametrize(
    ("more", "trusted"),
    [
        ({}, {"idp-certificate-authority": "/etc/system.pem"}),
        ({"idp-certificate-authority-data": ""}, {"idp-certificate-authority": "/etc/system.pem"}),
        ({"idp-certificate-authority": ""}, {"idp-certificate-authority": "/etc/system.pem"}),
        ({"idp-certificate-authority": "/ca.pem"}, {"idp-certificate-authority": "/ca.pem"}),
        (
            {"idp-certificate-authority-data": "QQ==", "client-secret": "s"},
            {"idp-certificate-authority-data": "QQ==", "client-secret": "s"},
        ),
    ],
)
def test_the_official_client_gets_a_token_that_is_over_and_an_authority(
    official: Official, more: dict[str, str], trusted: dict[str, str]
) -> None:
    asked = {**SETTINGS, "id-token": "good", **more}
    assert oidc_helper.renew(asked) == {
        "headers": {"Authorization": "Bearer new"},
        "config": {"id-token": "new", "refresh-token": "r2"},
    }
    assert asked == {**SETTINGS, "id-token": "good", **more}, "what was handed in stays as it was"
    assert official.options == {"client_configuration": "settings", "persist_config": False}
    provider = {**SETTINGS, "id-token": EXPIRED, "client-secret": "", **trusted}
    assert official.given == {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1"}}],
        "users": [{"name": "u", "user": {"auth-provider": {"name": "oidc", "config": provider}}}],
    }


def run_helper(monkeypatch: pytest.MonkeyPatch, stdin: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    for name, stream in (("stdin", io.StringIO(stdin)), ("stdout", out), ("stderr", err)):
        monkeypatch.setattr(sys, name, stream)
    return oidc_helper.main(), out.getvalue(), err.getvalue()


def wrapped(*names: str) -> Exception:
    """An error that was wrapped as urllib3 does it, the innermost last."""
    found: Exception | None = None
    for name in reversed(names):
        error = type(name, (Exception,), {})("words of it")
        error.reason = found if found is not None else "a text"
        found = error
    assert found is not None
    return found


FAILURES: list[tuple[Exception, str]] = [
    (ValueError("two\n  words"), "two words"),
    (ValueError(""), "ValueError"),
    (ValueError("x" * 400), "x" * 300),
    (wrapped("MaxRetryError", "NewConnectionError"), "it cannot be reached"),
    (wrapped("ConnectionError", "MaxRetryError", "NameResolutionError"), "it cannot be reached"),
    (wrapped("ReadTimeoutError"), "it cannot be reached"),
    (wrapped("ConnectTimeoutError"), "it cannot be reached"),
    (wrapped("MaxRetryError", "SSLError"), "words of it"),
]


@pytest.mark.parametrize(("fails", "said"), FAILURES, ids=range(len(FAILURES)))
def test_the_helper_says_in_one_line_what_went_wrong(
    official: Official, monkeypatch: pytest.MonkeyPatch, fails: Exception, said: str
) -> None:
    official.fails = fails
    assert run_helper(monkeypatch, json.dumps({"config": SETTINGS})) == (1, "", f"{said}\n")


def test_the_helper_answers_in_json_and_tells_what_is_no_answer(
    official: Official, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run_helper(monkeypatch, json.dumps({"config": SETTINGS}))
    assert (code, json.loads(out)["config"], err) == (0, {"id-token": "new", "refresh-token": "r2"}, "")
    official.puts = {}
    asked = json.dumps({"config": SETTINGS})
    assert run_helper(monkeypatch, asked) == (1, "", "it answered without an id-token\n")
    assert run_helper(monkeypatch, "{}") == (1, "", "'config'\n")


@pytest.mark.parametrize("named", ["/etc/ssl/cert.pem", None])
def test_the_authorities_are_those_of_the_system_or_else_those_of_certifi(
    named: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    certifi = ModuleType("certifi")
    certifi.where = lambda: "/venv/cacert.pem"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "certifi", certifi)
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: SimpleNamespace(cafile=named))
    assert oidc_helper.system_authorities() == (named or "/venv/cacert.pem")


@pytest.mark.parametrize(("length", "shown"), [(80, "i" * 80), (81, f"{'i' * 79}…")])
async def test_a_long_issuer_is_cut(helper: Helper, length: int, shown: str) -> None:
    said = await refused(token(idp_issuer_url="i" * length, refresh_token=""))
    assert said.startswith(f"The id-token from {shown} has ended")
