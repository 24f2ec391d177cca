"""What is fuzzed of a sign-in: kubeconfigs, and what credential plugins print."""

from __future__ import annotations

import json
import os
import tempfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.auth.exec_plugin import exec_info, find_program, read_answer
from edgetui.cluster.errors import CredentialError, EdgetuiError, KubeconfigError
from edgetui.cluster.http.endpoint import parse
from edgetui.cluster.http.protocol import encode_request
from edgetui.cluster.http.tls import client_context
from edgetui.cluster.kubeconfig.loader import Selection, load_fleet, reload
from edgetui.cluster.target import ClusterTarget, ExecConfig

from . import mutate
from .targets import KIB, Target

V1, BETA = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
NOWHERE = Path("/nonexistent")
PEM = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n"


def whole() -> dict[str, Any]:
    """A kubeconfig with every field that edgetui reads."""
    cluster = {
        "server": "https://hub.example:6443/k8s/c-1", "certificate-authority-data": "aGVsbG8=", "tls-server-name": "n",
        "insecure-skip-tls-verify": False, "proxy-url": "socks5://u:p@proxy:1080", "disable-compression": True,
        "extensions": [{"name": "edgetui", "extension": {"badge": "A", "badges": ["B"]}}],
    }  # fmt: skip
    plugin = {
        "command": "login", "args": ["a"], "env": [{"name": "A", "value": "b"}], "apiVersion": V1,
        "interactiveMode": "Never", "provideClusterInfo": True, "installHint": "brew",
    }  # fmt: skip
    users: list[dict[str, Any]] = [
        {"token": "t", "as": "ops", "as-groups": ["a"], "as-uid": "7", "as-user-extra": {"k": ["v"]}},
        {"exec": plugin},
        {"client-certificate-data": "aGVsbG8=", "client-key-data": "aGVsbG8="},
        {"username": "u", "password": "p"},
        {"auth-provider": {"name": "oidc", "config": {"id-token": "a.b.c", "client-id": "c"}}},
    ]
    return {
        "apiVersion": "v1", "kind": "Config", "current-context": "u0", "preferences": {},
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": f"u{n}", "user": user} for n, user in enumerate(users)],
        "contexts": [
            {"name": f"u{n}", "context": {"cluster": "c", "user": f"u{n}", "namespace": "n"}} for n in range(len(users))
        ],
    }  # fmt: skip


@cache
def texts() -> tuple[bytes, ...]:
    """That kubeconfig as it is written in several ways."""
    found = whole()
    return (
        json.dumps(found).encode(),
        yaml.safe_dump(found, sort_keys=False).encode(),
        yaml.safe_dump(found, default_flow_style=True).encode(),
        yaml.safe_dump(found).replace("\n", "\r\n").encode(),
        b"---\nx: &x {a: *y}\n" + yaml.safe_dump(found).encode(),
    )


class Kubeconfigs(Target):
    """The loader of kubeconfigs, and what is made of every context in one before anything is connected to."""

    name = "kubeconfig"
    least, each = 64 * 1024 * KIB, 2000

    def make(self, rng: Random) -> bytes:
        if rng.random() < 0.5:
            return mutate.document(texts()[0], rng)
        return mutate.blind(rng.choice(texts()), rng, texts())

    def check(self, data: bytes, rng: Random) -> None:
        env = rng.choice(
            ({}, {"HTTPS_PROXY": "http://p:1"}, {"HTTPS_PROXY": "h", "NO_PROXY": "10.0.0.0/8,.x"})
        )
        with tempfile.TemporaryDirectory(dir=_fast()) as folder:
            file = Path(folder) / "config"
            file.write_bytes(data)
            selection = Selection([file], all_contexts=rng.random() < 0.8)
            try:
                found = load_fleet(selection, env, NOWHERE, NOWHERE)
            except KubeconfigError as error:
                _sentence(error)
                return
            assert len({target.name for target in found}) == len(found), "two of one name"
            for target in found:
                self._use(target)
            again = rng.choice(found)
            if again.error is None:
                assert reload(again, env) == again, "it is another one when it is read again"

    def _use(self, target: ClusterTarget) -> None:
        assert target.name and repr(target)
        if target.error is not None:
            _sentence(target.error)
            return
        try:
            endpoint = parse(target.server, target.tls.server_name, target.proxy_url)
            headers = _at_once(Credentials(target, lambda: 1.8e9, lambda: 0.0))
            encode_request("GET", f"{endpoint.prefix}/version", [("Host", endpoint.authority), *headers])
            if target.tls.ca_pem is not None:
                client_context(target.tls, None)
            if target.auth.exec is not None:
                exec_info(target.auth.exec)
                find_program(target.auth.exec)
        except EdgetuiError as error:
            _sentence(error)

    def weigh(self, data: bytes, rng: Random) -> None:
        self.check(data, rng)


class PluginAnswers(Target):
    """What a credential plugin prints."""

    name = "plugin"
    least, each = 64 * 1024 * KIB, 2000

    def make(self, rng: Random) -> bytes:
        status = rng.choice(
            (
                {"token": "t", "expirationTimestamp": "2026-11-28T10:00:00Z"},
                {"clientCertificateData": PEM, "clientKeyData": PEM, "expirationTimestamp": None},
                {"token": "t"},
            )
        )
        answer = {"kind": "ExecCredential", "apiVersion": rng.choice((V1, BETA)), "status": status}
        text = json.dumps(answer).encode()
        match rng.randrange(4):
            case 0:
                return mutate.blind(text, rng)
            case 1:
                return mutate.blind(yaml.safe_dump(answer).encode(), rng)
        return mutate.document(text, rng)

    def check(self, data: bytes, rng: Random) -> None:
        try:
            issued = read_answer(data, ExecConfig(command="login", api_version=rng.choice((V1, BETA))))
        except CredentialError as error:
            _sentence(error)
            return
        assert issued.token or issued.pair is not None
        encode_request("GET", "/", [("Authorization", f"Bearer {issued.token}")])
        assert issued.expires is None or abs(issued.expires) < 1e12

    def weigh(self, data: bytes, rng: Random) -> None:
        self.check(data, rng)


def _at_once(credentials: Credentials) -> list[tuple[str, str]]:
    """The headers of credentials that need neither a file nor a program; none for the others."""
    auth = credentials.target.auth
    if auth.exec or auth.auth_provider or auth.token_file or credentials.target.tls.ca_file:
        return []
    if auth.client_certificate_file or auth.client_key_file:
        return []
    asked = credentials.headers()
    try:
        asked.send(None)
    except StopIteration as done:
        return list(done.value)
    raise AssertionError("it waits for something")


def _sentence(error: EdgetuiError) -> None:
    assert error.sentence.endswith("."), error.sentence
    assert len(error.sentence) < 1200, "a sentence without end"
    assert not any(ord(c) < 0x20 for c in error.sentence), "a control character on the screen"
    assert "defect" not in str(error), str(error)


def _fast() -> str | None:
    """Where small files cost least."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


TARGETS = (Kubeconfigs(), PluginAnswers())
