"""Every step of `edgetui doctor` in every way that it can end, on a server that does what a test says."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trustme
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.errors import KubeconfigError, LinkError
from edgetui.cluster.target import AuthSettings, ClusterTarget, ExecConfig, TlsSettings
from edgetui.doctor import asking
from edgetui.doctor import examine as examining
from edgetui.doctor.examine import SOON, Parts, examine
from edgetui.doctor.step import (
    AUTHENTICATION,
    CLOCK,
    DNS,
    FILE,
    GZIP,
    METRICS,
    PLUGIN,
    PROXY,
    RIGHTS,
    SERVER,
    TCP,
    TLS,
    USER,
    WATCHLIST,
    State,
    Step,
)

from .actions.scripted import DROP, Answer, Request, scripted
from .cluster.tlsserver import ca_pem, client_pair, tls_server
from .model.test_expiry import token

NOW = 1_800_000_000.0
DAY = 86_400
REFUSED = {"kind": "Status", "message": "no", "reason": "Unauthorized", "code": 401}
FORBIDDEN = {"kind": "Status", "message": 'User "kim" cannot do that', "reason": "Forbidden", "code": 403}
MISSING = {"kind": "Status", "message": "none", "reason": "NotFound", "code": 404}
EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
BASIC = {
    "verbs": ["create"],
    "apiGroups": ["authorization.k8s.io"],
    "resources": ["selfsubjectaccessreviews"],
}
METRICS_API = {"name": "metrics.k8s.io", "versions": [{"version": "v1beta1"}]}
END_OF_LIST = {"metadata": {"annotations": {"k8s.io/initial-events-end": "true"}}}

GOOD: dict[str, Answer] = {
    "GET /api/v1/namespaces": (
        200,
        {
            "kind": "NamespaceList",
            "metadata": {"resourceVersion": "5"},
            "items": [{"metadata": {"name": "kube-system", "uid": "u"}}],
        },
    ),
    "GET /version": (200, {"gitVersion": "v1.37.2"}),
    "POST /apis/authentication.k8s.io/v1/selfsubjectreviews": (
        201,
        {"status": {"userInfo": {"username": "kim"}}},
    ),
    "POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews": (
        201,
        {"status": {"resourceRules": [BASIC, EVERYTHING]}},
    ),
    "GET /apis/metrics.k8s.io": (200, METRICS_API),
    "GET /apis/metrics.k8s.io/v1beta1/nodes": (200, {"items": []}),
    "GET /api/v1/nodes": (200, END_OF_LIST),
}
REVIEW, RULES, NODES, NAMESPACES = (
    "POST /apis/authentication.k8s.io/v1/selfsubjectreviews",
    "POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    "GET /api/v1/nodes",
    "GET /api/v1/namespaces",
)


async def steps_of(
    answers: dict[str, Answer] | None = None,
    *,
    date: float | None = NOW,
    allows: Callable[[dict[str, str]], bool] = lambda asked: True,
    asked: list[Request] | None = None,
    **fields: Any,
) -> list[Step]:
    """The steps of a cluster whose server answers well but for `answers`; `date` is its clock in Unix s."""

    def handler(request: Request) -> Answer:
        if asked is not None:
            asked.append(request)
        return {**GOOD, **(answers or {})}.get(request.line, (404, MISSING))

    async with scripted(handler) as (server, session):
        server.allows = allows
        if date is not None:
            server.headers = f"Date: {formatdate(date, usegmt=True)}\r\n".encode()
        return await examine(replace(session.target, **fields), 10.0, 0.125, lambda: NOW)


def about_the_user() -> KubeconfigError:
    error = KubeconfigError("No user.", "Do.")
    error.about = "user"
    return error


def said(steps: list[Step], name: str) -> tuple[str, str, str]:
    """How a step ended, what it found and what it says to do."""
    step = next(step for step in steps if step.name == name)
    return step.state.value, step.text, step.next_step


async def test_a_cluster_that_is_well_is_asked_once_for_each_thing() -> None:
    asked: list[Request] = []
    steps = await steps_of(asked=asked)
    assert [step.name for step in steps] == [
        FILE, USER, PLUGIN, DNS, TCP, PROXY, TLS, SERVER, CLOCK, AUTHENTICATION, RIGHTS, WATCHLIST, GZIP, METRICS,
    ]  # fmt: skip
    assert {step.name for step in steps if step.state is not State.OK} == {PLUGIN, PROXY, TLS}
    assert steps[0].seconds == 0.125
    assert all(0 <= step.seconds < 10 for step in steps)
    assert said(steps, SERVER)[1].startswith("v1.37.2, answered in ")
    (watch,) = [one for one in asked if one.line == NODES]
    assert watch.query == {
        "watch": "1",
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "1",
        "fieldSelector": "metadata.name=edgetui-doctor",
    }
    (figures,) = [one for one in asked if one.line.endswith("v1beta1/nodes")]
    assert figures.query == {"limit": "1"}


SERVER_SIDE: dict[str, tuple[str, dict[str, Answer], dict[str, Any]]] = {
    "all well": (AUTHENTICATION, {}, {}),
    "too old to say as whom": (AUTHENTICATION, {REVIEW: (404, MISSING)}, {}),
    "may not ask who it is": (AUTHENTICATION, {REVIEW: (403, FORBIDDEN)}, {}),
    "nobody may ask who it is": (
        AUTHENTICATION, {REVIEW: (403, {**FORBIDDEN, "message": 'User "system:anonymous" cannot do that'})}, {},
    ),
    "nobody": (AUTHENTICATION, {REVIEW: (201, {"status": {"userInfo": {"username": "system:anonymous"}}})}, {}),
    "no name": (AUTHENTICATION, {REVIEW: (201, {"status": {"userInfo": {}}})}, {}),
    "no user": (AUTHENTICATION, {REVIEW: (201, {"status": {"userInfo": None}})}, {}),
    "no status": (AUTHENTICATION, {REVIEW: (201, {"status": None})}, {}),
    "refused": (AUTHENTICATION, {NAMESPACES: (401, REFUSED)}, {}),
    "refused, and the server": (SERVER, {NAMESPACES: (401, REFUSED)}, {}),
    "version kept back": (SERVER, {"GET /version": (403, FORBIDDEN)}, {}),
    "version of no Kubernetes": (SERVER, {"GET /version": (404, {})}, {}),
    "version that is no object": (SERVER, {"GET /version": (200, [1])}, {}),
    "version that is no text": (SERVER, {"GET /version": (200, {"gitVersion": 3})}, {}),
    "no Kubernetes at all": (SERVER, {NAMESPACES: (404, {})}, {}),
    "it fails": (SERVER, {NAMESPACES: (500, {"kind": "Status", "message": "etcd", "code": 500})}, {}),
    "it hangs up": (SERVER, {NAMESPACES: (DROP, None)}, {}),
    "all rights": (RIGHTS, {}, {}),
    "no rights": (RIGHTS, {}, {"allows": lambda asked: False}),
    "no watch of pods": (RIGHTS, {}, {"allows": lambda a: (a["resource"], a["verb"]) != ("pods", "watch")}),
    "only in its namespace": (
        RIGHTS, {}, {"allows": lambda a: a["resource"] == "nodes" or a.get("namespace") == "shop", "namespace": "shop"},
    ),
    "only in default, no nodes": (
        RIGHTS, {}, {"allows": lambda a: a["resource"] != "nodes" and a.get("namespace") == "default"},
    ),
    "RBAC is off": (RIGHTS, {RULES: (201, {"status": {"resourceRules": [EVERYTHING]}})}, {}),
    "lists are streamed": (WATCHLIST, {}, {}),
    "lists are not streamed": (WATCHLIST, {NODES: (200, {"items": []})}, {}),
    "streams are refused": (WATCHLIST, {NODES: (422, {"kind": "Status", "code": 422})}, {}),
    "compressed": (GZIP, {}, {}),
    "watches are not": (GZIP, {"GET /version": (200, {"gitVersion": "v1.36.9"})}, {}),
    "version not told": (GZIP, {"GET /version": (403, FORBIDDEN)}, {}),
    "turned off": (GZIP, {}, {"disable_compression": True}),
    "figures": (METRICS, {}, {}),
    "no metrics server": (METRICS, {"GET /apis/metrics.k8s.io": (404, MISSING)}, {}),
    "another version of it": (
        METRICS, {"GET /apis/metrics.k8s.io": (200, {**METRICS_API, "versions": [{"version": "v2"}]})}, {},
    ),
    "figures are refused": (METRICS, {"GET /apis/metrics.k8s.io/v1beta1/nodes": (403, FORBIDDEN)}, {}),
    "clocks agree": (CLOCK, {}, {}),
    "no clock": (CLOCK, {}, {"date": None}),
    "no TLS": (TLS, {}, {}),
    "no proxy": (PROXY, {}, {}),
    "no plugin": (PLUGIN, {}, {}),
    "file": (FILE, {}, {"server": "http://127.0.0.1:1"}),
    "nobody listens": (TCP, {}, {"server": "http://127.0.0.1:1"}),
    "its proxy does not listen": (PROXY, {}, {"server": "https://plant.example:6443", "proxy_url": "http://127.0.0.1:1"}),
    "DNS is left to the proxy": (DNS, {}, {"server": "https://plant.example:6443", "proxy_url": "http://127.0.0.1:1"}),
    "TCP is left to the proxy": (TCP, {}, {"server": "https://plant.example:6443", "proxy_url": "http://127.0.0.1:1"}),
    "no usable authority": (
        TLS, {}, {"server": "https://127.0.0.1:1", "tls": TlsSettings(ca_pem=b"nothing")},
    ),
    "a file that cannot be used": (FILE, {}, {"error": KubeconfigError("No.", "Do.")}),
    "a user that cannot be used": (USER, {}, {"error": about_the_user()}),
    "user with a token": (USER, {}, {"auth": AuthSettings(token="t")}),
    "user with nothing": (USER, {}, {}),
}  # fmt: skip


@pytest.mark.parametrize("case", SERVER_SIDE)
async def test_what_a_step_says(case: str, snapshot: SnapshotAssertion) -> None:
    name, answers, given = SERVER_SIDE[case]
    state, text, next_step = said(await steps_of(answers, **given), name)
    text = re.sub(r"\b\d+ ms|127\.0\.0\.1:\d{2,}", "N", text)
    assert f"{name}: {state}\n{text}\n{next_step}" == snapshot


async def test_after_a_wrong_step_nothing_is_asked() -> None:
    for given, last in (
        ({"error": KubeconfigError("No.")}, FILE),
        ({"server": "http://127.0.0.1:1"}, TCP),
        ({"answers": {NAMESPACES: (500, {})}}, SERVER),
        ({"allows": lambda _: False}, RIGHTS),
    ):
        steps = await steps_of(**given)  # type: ignore[arg-type]
        assert (steps[-1].name, steps[-1].state) == (last, State.WRONG)


async def test_the_clock_is_told_even_to_a_user_who_is_not_accepted() -> None:
    steps = await steps_of({NAMESPACES: (401, REFUSED)}, date=NOW - 3600)
    assert said(steps, CLOCK)[0] == "look"
    assert steps[-1].name == AUTHENTICATION


class Dated:
    """A server whose answer has this Date, as a client and its transport."""

    def __init__(self, date: float, took: float) -> None:
        self.transport = self
        self.date, self.took = date, took

    async def request(self, *_: object, timeout: float) -> SimpleNamespace:
        asyncio.get_running_loop().time = lambda: 100.0 + self.took  # type: ignore[method-assign]
        return SimpleNamespace(headers={"date": formatdate(self.date, usegmt=True)})


@pytest.mark.parametrize(
    ("ahead", "state", "text"),
    [
        (0.5, "ok", "within a few seconds of the server's"),
        (2.5, "ok", "within a few seconds of the server's"),
        (-2.5, "ok", "within a few seconds of the server's"),
        (3.5, "ok", "3s apart"),
        (-5.5, "ok", "5s apart"),
        (29.5, "ok", "29s apart"),
        (-29.5, "ok", "29s apart"),
        (30.5, "look", "This host's clock is 30s ahead of the server's."),
        (-30.5, "look", "This host's clock is 30s behind the server's."),
        (7200.5, "look", "This host's clock is 2h ahead of the server's."),
    ],
)
async def test_how_far_two_clocks_are_apart(ahead: float, state: str, text: str) -> None:
    """A Date has whole seconds, so it is half a second late on average, and it came half a round trip ago."""
    loop = asyncio.get_running_loop()
    took = 0.2
    examination = examining.Examination(
        ClusterTarget(name="plant", context="plant"), 7.0, lambda: NOW + took / 2
    )
    api: Any = Dated(NOW - 0.5 - ahead, took)
    time, loop.time = loop.time, lambda: 100.0  # type: ignore[method-assign]
    try:
        await asking._clock(examination, api)
    finally:
        loop.time = time  # type: ignore[method-assign]
    assert said(examination.steps, CLOCK)[:2] == (state, text)
    assert examination.steps[0].seconds == pytest.approx(took)
    await examination.close()


@pytest.mark.parametrize(
    ("left", "state", "words"),
    [
        (-10 * DAY, "look", "token of kim, ended 10d ago (2027-01-05)"),
        (-1, "look", "token of kim, ended 1s ago (2027-01-15)"),
        (0, "look", "token of kim, ends in 0s (2027-01-15)"),
        (SOON - 1, "look", "token of kim, ends in 29d23h (2027-02-14)"),
        (SOON, "ok", "token of kim, until 2027-02-14"),
    ],
)
async def test_when_the_users_credential_ends(left: int, state: str, words: str) -> None:
    found = said(await steps_of(auth=AuthSettings(token=token({"exp": int(NOW) + left}))), USER)
    assert found == (state, words, "Renew it before that." if state == "look" else "")


@pytest.mark.parametrize("inside", [True, False])
async def test_a_client_certificate_ends_too(tmp_path: Path, inside: bool) -> None:
    pair = client_pair(trustme.CA(), "kim", days=10)
    file = tmp_path / "kim.pem"
    file.write_bytes(pair.certificate)
    (tmp_path / "kim.key").write_bytes(pair.key)
    auth = (
        AuthSettings(client_certificate=pair.certificate, client_key=pair.key)
        if inside
        else AuthSettings(client_certificate_file=file, client_key_file=tmp_path / "kim.key")
    )
    state, text, _ = said(await steps_of(auth=auth), USER)
    assert (state, text.partition(",")[0]) == ("look", "client certificate of kim")
    assert "ended" in text, "the clock of this test is in 2027"


@pytest.mark.parametrize(
    ("script", "state", "text"),
    [
        ("print('{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",'"
         "'\"status\":{\"token\":\"t\"}}')", "ok", Path(sys.executable).name),
        ("import sys; sys.exit('no account')", "wrong", None),
    ],
)  # fmt: skip
async def test_a_plugin_is_run_and_named(script: str, state: str, text: str | None) -> None:
    plugin = ExecConfig(
        command=sys.executable, args=("-c", script), api_version="client.authentication.k8s.io/v1"
    )
    steps = await steps_of(auth=AuthSettings(exec=plugin))
    found = said(steps, PLUGIN)
    assert found[0] == state
    assert text is None or found[1] == text
    assert "no account" in found[1] or state == "ok"
    assert said(steps, USER)[1] == "credential plugin of kim"


@pytest.mark.parametrize("insecure", [False, True])
@pytest.mark.parametrize(("days", "words"), [(400, "until "), (10, "ends in 9d")])
async def test_what_is_said_of_the_servers_certificate(days: int, words: str, insecure: bool) -> None:
    ca = trustme.CA()
    end = datetime.now(UTC) + timedelta(days=days)
    leaf = ca.issue_cert(
        "127.0.0.1", common_name="press", not_before=end - timedelta(days=900), not_after=end
    )
    with tls_server(leaf) as server:
        target = ClusterTarget(
            name="plant",
            context="plant",
            server=f"https://127.0.0.1:{server.port}",
            user_name="kim",
            tls=TlsSettings(ca_pem=None if insecure else ca_pem(ca), insecure=insecure),
        )
        steps = await examine(target, 10.0, 0.0)
    state, text, next_step = said(steps, TLS)
    if insecure:
        assert state == "look"
        assert text.startswith(f"TLSv1.3, certificate press, {words}")
        assert text.endswith(", not checked: the kubeconfig says insecure-skip-tls-verify")
        assert next_step == "Put certificate-authority-data in its place."
    else:
        assert text.startswith(f"TLSv1.3, certificate press, {words}")
        assert state == ("ok" if days == 400 else "look")
        assert next_step == ("" if days == 400 else "Renew the server's certificate on its host.")
    assert said(steps, SERVER)[0] == "wrong", "it speaks no HTTP"


async def test_all_steps_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "MOST_SECONDS", 0.0)
    steps = await steps_of()
    assert len(steps) < 10


async def test_a_step_that_does_not_end_is_told_with_its_limit() -> None:
    examination = examining.Examination(ClusterTarget(name="plant", context="plant"), 7.0, lambda: NOW)
    with pytest.raises(examining.Stopped), examination.step(SERVER):
        raise TimeoutError
    assert said(examination.steps, SERVER) == (
        "wrong",
        "It did not end within 7 s.",
        "Allow more with --timeout.",
    )
    await examination.close()


@pytest.mark.parametrize("proxied", [False, True])
async def test_the_parts_of_a_dial_become_steps(proxied: bool) -> None:
    steps: list[Step] = []
    parts = Parts(steps, proxied=proxied)
    for name in (DNS, TCP, TCP, TLS):
        parts.begin(name)
    parts.fail(LinkError("It broke.", "Mend it."))
    assert [step.name for step in steps] == ([PROXY, TLS] if proxied else [DNS, TCP, TLS])
    assert (steps[-1].state, steps[-1].text, steps[-1].next_step) == (State.WRONG, "It broke.", "Mend it.")
    assert all(step.state is State.OK for step in steps[:-1])
    Parts(steps, proxied=False).fail(LinkError("Nothing was begun."))
    assert len(steps) == (2 if proxied else 3)
