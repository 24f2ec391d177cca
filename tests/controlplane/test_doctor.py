"""`edgetui doctor` names the step where each bad kubeconfig, way or server stops, beside good clusters that do not."""

from __future__ import annotations

import base64
import datetime
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from edgetui.cluster.kubeconfig.loader import Selection, load_fleet
from edgetui.doctor.examine import examine
from edgetui.doctor.step import ORDER

from . import kubeconfig
from .cluster import ControlPlane
from .odd_servers import banner, in_tls, serving, silent, web_page
from .running import Said, Variant, edgetui
from .test_bad_input import _DAY, WITHOUT_FILE_RIGHTS, Bench, _tls

NOW = datetime.datetime.now(datetime.UTC)
GARBAGE = base64.b64encode(b"garbage").decode()
Spoil = Callable[[Bench, ExitStack, str], Path | None]
CASES: dict[str, tuple[str, str, Spoil]] = {}
"""By the name of the case: the step that must be named, a word of its sentence, and how to make it."""


def case(name: str, step: str, word: str) -> Callable[[Spoil], Spoil]:
    """Put a case into the table."""

    def put(spoil: Spoil) -> Spoil:
        CASES[name] = (step, word, spoil)
        return spoil

    return put


def changed(name: str, step: str, word: str, change: Callable[[Variant], object]) -> None:
    """A case that is the admin's kubeconfig with something changed in it."""

    def spoil(bench: Bench, stack: ExitStack, title: str) -> Path:
        variant = Variant(bench.cluster.kubeconfig()).named(title)
        change(variant)
        return variant.write(bench.folder / f"{title}.yaml")

    CASES[name] = (step, word, spoil)


def content(name: str, step: str, word: str, data: bytes) -> None:
    """A case that is a file with this in it."""

    def spoil(bench: Bench, stack: ExitStack, title: str) -> Path:
        file = bench.folder / f"{title}.yaml"
        file.write_bytes(data)
        return file

    CASES[name] = (step, word, spoil)


def server(name: str, step: str, word: str, scheme: str, serve: Callable[[Bench], Any]) -> None:
    """A case in which something else answers at the server's address."""

    def spoil(bench: Bench, stack: ExitStack, title: str) -> Path:
        port = stack.enter_context(serving(serve(bench)))
        variant = Variant(bench.cluster.kubeconfig()).named(title)
        variant.cluster["server"] = f"{scheme}://127.0.0.1:{port}"
        return variant.write(bench.folder / f"{title}.yaml")

    CASES[name] = (step, word, spoil)


def plugin(script: str) -> Callable[[Variant], None]:
    """A user with a credential plugin that is this shell script; without a script there is none."""

    def change(variant: Variant) -> None:
        command = ["sh", "-c", script] if script else ["no-such-plugin"]
        variant.user = {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": command[0],
                "args": command[1:],
                "interactiveMode": "Never",
            }
        }

    return change


def user(**fields: object) -> Callable[[Variant], None]:
    """A user with nothing but these fields."""

    def change(variant: Variant) -> None:
        variant.user = dict(fields)

    return change


def closed_port() -> int:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return int(closed.getsockname()[1])


def oidc(**config: str) -> Callable[[Variant], None]:
    return user(**{"auth-provider": {"name": "oidc", "config": config}})


BASE = "apiVersion: v1\nclusters:\n"
content(
    "yaml-open",
    "file",
    "line 5",
    f"{BASE}- name: a\n  cluster: {{server: https://10.0.0.1\nusers: []\n".encode(),
)
content("yaml-tab", "file", "begins with a tab", f"{BASE}\t- name: a\n".encode())
content("yaml-quote", "file", "line 4", f"{BASE}- name: 'a\n".encode())
content("binary", "file", "is not a text file", b"\x7fELF\x02\x01\x01\x00" * 40)
content("colours", "file", "has no clusters, users or contexts", b"colour: blue\n")
content("a-pod", "file", "it holds a Pod", b"kind: Pod\n")
content("nothing", "file", "is empty", b"")
changed("no-such-user", "file", "does not exist", lambda v: v.context.update(user="nobody"))
changed("no-such-cluster", "file", "does not exist", lambda v: v.context.update(cluster="nowhere"))
changed("other-current", "file", "no context", lambda v: v.document.update({"current-context": "other"}))
changed("ftp", "file", "scheme ftp", lambda v: v.cluster.update(server="ftp://127.0.0.1"))
changed("no-url", "file", "not a URL", lambda v: v.cluster.update(server="https://[::1"))
changed("proxy-url", "file", "proxy-url", lambda v: v.cluster.update({"proxy-url": "gopher://127.0.0.1"}))
changed("number", "user", "not text", user(token=42))
changed("half-a-pair", "user", "", user(**{"client-certificate-data": GARBAGE}))
changed(
    "no-base64", "user", "not valid base64", user(**{"client-certificate-data": "%", "client-key-data": "%"})
)
changed(
    "odd-pair", "user", "not PEM", user(**{"client-certificate-data": GARBAGE, "client-key-data": GARBAGE})
)
changed("no-token-file", "user", "", user(tokenFile="/nowhere/token"))
changed("no-key-file", "user", "", lambda v: v.user.update({"client-key": "/nowhere/key"}))
changed("plugin-fails", "plugin", "log in", plugin("echo first >&2; echo 'no session: log in' >&2; exit 3"))
changed("plugin-empty", "plugin", "an ExecCredential without", plugin("echo '{}'"))
changed("plugin-text", "plugin", "not an ExecCredential", plugin("echo broken"))
changed("plugin-gone", "plugin", "was not found", plugin(""))
changed("plugin-hangs", "plugin", "did not end within", plugin("exec sleep 600"))
changed(
    "oidc-old",
    "plugin",
    "no refresh-token",
    oidc(**{"idp-issuer-url": "https://127.0.0.1:1", "client-id": "e"}),
)
changed(
    "unknown-host", "DNS", "is unknown", lambda v: v.cluster.update(server="https://no-such-host.invalid")
)
changed("refused", "TCP", "refuses", lambda v: v.cluster.update(server=f"https://127.0.0.1:{closed_port()}"))
changed(
    "no-proxy",
    "proxy",
    "refuses",
    lambda v: v.cluster.update({"proxy-url": f"http://127.0.0.1:{closed_port()}"}),
)
changed("no-authority", "TLS", "certificate", lambda v: (v.cluster.pop("certificate-authority"),))
changed("odd-authority", "file", "PEM", lambda v: _authority(v, GARBAGE))
changed("other-name", "TLS", "another name", lambda v: v.cluster.update({"tls-server-name": "plant.example"}))
server("silent", "TLS", "did not finish", "https", lambda bench: silent)
server("plain", "TLS", "speaks plain HTTP", "https", lambda bench: web_page())
server("ssh-tls", "TLS", "not a Kubernetes", "https", lambda bench: banner(b"SSH-2.0-OpenSSH_9.6\r\n"))
server("ssh", "API server", "not a Kubernetes", "http", lambda bench: banner(b"SSH-2.0-OpenSSH_9.6\r\n"))
for status in ("200 OK", "404 Not Found", "403 Forbidden"):
    name, page = f"page-{status[:3]}", web_page(status)
    server(
        name, "API server", "What answers there", "https", lambda bench, page=page: in_tls(_tls(bench), page)
    )
server(
    "redirection", "API server", "redirection", "http", lambda bench: web_page("302 Found", "text/html", b"")
)
server(
    "not-found",
    "API server",
    "none of the APIs",
    "http",
    lambda bench: web_page("404 Not Found", "text/plain", b"404"),
)
server(
    "json",
    "API server",
    "another kind",
    "http",
    lambda b: web_page("200 OK", "application/json", b'{"v": 3}'),
)
server("gateway", "API server", "502", "http", lambda bench: web_page("502 Bad Gateway"))
changed(
    "https-by-http",
    "API server",
    "speaks HTTPS",
    lambda v: v.cluster.update(server=_plain(v.cluster["server"])),
)
changed("odd-token", "authentication", "does not accept the token", user(token="garbage"))
changed("nobody", "authentication", "got no credentials", user())


def _authority(variant: Variant, data: str) -> None:
    variant.cluster.pop("certificate-authority")
    variant.cluster["certificate-authority-data"] = data


def _plain(url: str) -> str:
    return url.replace("https://", "http://")


@case("gone", "file", "does not exist")
def _gone(bench: Bench, stack: ExitStack, title: str) -> Path:
    return bench.folder / f"{title}.yaml"


@case("unreadable", "file", "cannot be read")
def _unreadable(bench: Bench, stack: ExitStack, title: str) -> Path:
    file = Variant(bench.cluster.kubeconfig()).write(bench.folder / f"{title}.yaml")
    if os.geteuid() == 0:
        os.chown(file, 65534, 65534)
    else:
        file.chmod(0)
    return file


@case("web-as-proxy", "proxy", "cannot connect")
def _proxy(bench: Bench, stack: ExitStack, title: str) -> Path:
    port = stack.enter_context(serving(web_page("403 Forbidden")))
    variant = Variant(bench.cluster.kubeconfig()).named(title)
    variant.cluster["proxy-url"] = f"http://127.0.0.1:{port}"
    return variant.write(bench.folder / f"{title}.yaml")


@case("other-authority", "TLS", "not signed by a CA")
def _other(bench: Bench, stack: ExitStack, title: str) -> Path:
    variant = Variant(bench.cluster.kubeconfig()).named(title)
    variant.cluster["certificate-authority"] = str(bench.authority("old-plant").pair.cert)
    return variant.write(bench.folder / f"{title}.yaml")


@case("expired", "authentication", "expired 3d ago")
def _expired(bench: Bench, stack: ExitStack, title: str) -> Path:
    variant = Variant(bench.cluster.kubeconfig()).named(title)
    variant.user = kubeconfig.certificate_user(
        bench.cluster.layout.authority.issue(
            "expired", "ops", not_before=NOW - 9 * _DAY, not_after=NOW - 3 * _DAY
        )
    )
    return variant.write(bench.folder / f"{title}.yaml")


@case("of-another", "authentication", "does not accept the client certificate")
def _foreign(bench: Bench, stack: ExitStack, title: str) -> Path:
    variant = Variant(bench.cluster.kubeconfig()).named(title)
    variant.user = kubeconfig.certificate_user(bench.authority("older-plant").issue("ops", "ops"))
    return variant.write(bench.folder / f"{title}.yaml")


@case("bob", "rights", "may read nothing")
def _bob(bench: Bench, stack: ExitStack, title: str) -> Path:
    return Variant(bench.cluster.kubeconfig("bob")).named(title).write(bench.folder / f"{title}.yaml")


@pytest.fixture(scope="module")
def said(cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Said]:
    """All bad ones and a good one, examined at once by a user who may not read the files of others."""
    bench = Bench(cluster, tmp_path_factory.mktemp("doctor"))
    rootless = (sys.executable, "-c", WITHOUT_FILE_RIGHTS) if os.geteuid() == 0 else ()
    with ExitStack() as stack:
        files = [spoil(bench, stack, name) for name, (_, _, spoil) in CASES.items()]
        arguments = [*(file for file in files if file is not None), cluster.kubeconfig()]
        yield edgetui(
            "doctor", *arguments, "--json", "--timeout", "4", home=bench.folder, user=rootless, within=180
        )


def steps_of(said: Said, name: str) -> list[dict[str, Any]]:
    document = json.loads(said.out)
    found: list[dict[str, Any]] = next(
        each["steps"]
        for each in document["clusters"]
        if Path(each["file"]).stem == name or each["name"] == name
    )
    return found


@pytest.mark.parametrize("name", CASES)
def test_the_step_that_stops_it_is_named_with_its_reason_and_what_to_do(said: Said, name: str) -> None:
    expected, word, _ = CASES[name]
    steps = steps_of(said, name)
    assert [step["name"] for step in steps] == list(ORDER)
    wrong = [step for step in steps if step["state"] == "wrong"]
    assert [step["name"] for step in wrong] == [expected], wrong
    assert word in wrong[0]["text"], wrong
    assert wrong[0]["next_step"]
    assert "\n" not in wrong[0]["text"]


def test_the_table_has_the_forty_inputs() -> None:
    assert len(CASES) >= 40


def test_a_good_cluster_beside_them_is_well_and_the_code_is_that_of_the_worst(
    said: Said, cluster: ControlPlane
) -> None:
    states = {step["name"]: step["state"] for step in steps_of(said, cluster.name)}
    assert states == {**dict.fromkeys(ORDER, "ok"), "plugin": "skipped", "proxy": "skipped"}
    assert said.code == json.loads(said.out)["exit"] == 2
    assert said.err == ""


def test_no_secret_of_any_kubeconfig_is_printed(said: Said, cluster: ControlPlane) -> None:
    key = Path(Variant(cluster.kubeconfig()).user["client-key"]).read_text()
    assert not [line for line in key.splitlines() if len(line) > 20 and line in said.out]
    assert GARBAGE not in said.out
    assert "sleep 600" not in said.out


def test_rights_in_one_namespace_are_something_to_look_at(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.kubectl("create", "rolebinding", "v", "--clusterrole=view", "--user=ann", "-n", namespace)
    file = Variant(cluster.kubeconfig("ann")).named("ann").write(tmp_path / "ann.yaml")
    found = edgetui("doctor", file, "-n", namespace, home=tmp_path)
    assert found.code == 3, found
    assert f"only in namespace {namespace}: pods" in " ".join(found.out.split())
    assert "not allowed: nodes" in " ".join(found.out.split())
    assert "ok    WatchList" in found.out


@pytest.mark.parametrize("behind", [-400.0, 400.0])
async def test_a_clock_that_is_wrong_is_told_with_the_difference(
    cluster: ControlPlane, tmp_path: Path, behind: float
) -> None:
    [target] = load_fleet(Selection(files=[cluster.kubeconfig()]), {}, tmp_path)
    steps = await examine(target, 10.0, 0.0, lambda: time.time() - behind)
    [clock] = [step for step in steps if step.name == "clock"]
    assert ("behind" if behind > 0 else "ahead of") in clock.text
    assert "6m" in clock.text
    assert clock.next_step
