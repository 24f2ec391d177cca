"""OIDC users against a real identity provider on loopback, through the helper process."""

from __future__ import annotations

import base64
import contextlib
import json
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import trustme

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.auth.oidc import ProviderToken
from edgetui.cluster.auth.shared_run import REST
from edgetui.cluster.errors import CredentialError
from edgetui.cluster.target import AuthProviderConfig, ClusterTarget
from tests.unit.cluster.kubeconfigs import b64, config, one, put
from tests.unit.cluster.tlsserver import ca_pem

NOW = time.time()


def jwt(expires: float, name: str = "ops") -> str:
    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part({'exp': int(expires), 'sub': name})}.c2ln"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Provider:
    """Gives new tokens for the refresh token "r1", and once only, as careful providers do."""

    url: str
    ca: trustme.CA
    new: str
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    metadata: int = 200

    def token(self, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        self.asked.append(form)
        if form["refresh_token"] != ["r1"] or len(self.asked) > 1:
            return 400, {"error": "invalid_grant", "error_description": "refresh token was used before"}
        return 200, {"id_token": self.new, "access_token": "a", "token_type": "bearer", "refresh_token": "r2"}

    def config(self, **more: str) -> dict[str, str]:
        return {
            "idp-issuer-url": self.url,
            "client-id": "edgetui",
            "idp-certificate-authority-data": b64(ca_pem(self.ca)),
            "id-token": jwt(NOW - 60),
            "refresh-token": "r1",
            **more,
        }


@pytest.fixture
def provider() -> Iterator[Provider]:
    ca = trustme.CA()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(found.metadata, {"token_endpoint": f"{found.url}/token"})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(*found.token(parse_qs(body)))

        def answer(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    found = Provider(f"https://127.0.0.1:{server.server_address[1]}", ca, jwt(NOW + 3600, "new"))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)


def alone(settings: dict[str, str], clock: Clock | None = None, name: str = "oidc") -> ProviderToken:
    target = ClusterTarget(name="p", context="p", server="https://h", user_name="ops")
    clock = clock or Clock()
    return ProviderToken(AuthProviderConfig(name, settings), target, clock, clock)


async def failure(token: ProviderToken) -> str:
    with pytest.raises(CredentialError) as caught:
        await token.current()
    assert caught.value.next_step
    return str(caught.value)


async def test_a_valid_id_token_needs_no_helper() -> None:
    token = jwt(NOW + 60)
    assert await alone({"id-token": token}).current() == token


async def test_an_ended_one_is_renewed_and_both_tokens_are_kept(tmp_path: Path, provider: Provider) -> None:
    user = {"auth-provider": {"name": "oidc", "config": provider.config()}}
    file = put(tmp_path / "config", config(user=user))
    before = file.read_text()
    found = Credentials(one(file), Clock())
    assert await found.headers() == [("Authorization", f"Bearer {provider.new}")]
    assert await found.headers() == [("Authorization", f"Bearer {provider.new}")]
    (asked,) = provider.asked
    assert asked["grant_type"] == ["refresh_token"]
    stored = before.replace(provider.config()["id-token"], provider.new).replace('"r1"', '"r2"')
    assert file.read_text() == stored


async def test_a_401_renews_a_token_that_looks_valid(provider: Provider) -> None:
    clock = Clock()
    token = alone(provider.config(**{"id-token": jwt(NOW + 600)}), clock)
    assert await token.refresh()
    assert await token.current() == provider.new
    clock.now += REST
    with contextlib.suppress(CredentialError):
        assert not await token.refresh()


async def test_what_cannot_be_kept_is_noticed_and_used(tmp_path: Path, provider: Provider) -> None:
    user = {"auth-provider": {"name": "oidc", "config": provider.config()}}
    file = put(tmp_path / "config", config(user=user))
    target = one(file)
    provided = target.auth.auth_provider
    assert provided is not None
    token = ProviderToken(provided, target, Clock())
    put(file, "users: [")
    assert await token.current() == provider.new
    assert "could not be kept" in token.notice


async def test_the_providers_own_reason_is_shown(provider: Provider) -> None:
    token = alone(provider.config(**{"refresh-token": "used"}))
    said = await failure(token)
    assert "gave no new token: (invalid_grant) refresh token was used before." in said
    assert provider.url in said
    await failure(token)
    assert len(provider.asked) == 1, "a failure is not repeated for every request"


async def test_a_provider_that_is_no_provider(provider: Provider) -> None:
    provider.metadata = 404
    assert "gave no new token" in await failure(alone(provider.config()))
    assert provider.asked == []


async def test_a_refresh_token_never_goes_to_an_unknown_server(provider: Provider) -> None:
    """The official package checks no certificate at all when the kubeconfig names no authority."""
    settings = provider.config()
    del settings["idp-certificate-authority-data"]
    assert "CERTIFICATE_VERIFY_FAILED" in (await failure(alone(settings))).replace(" ", "_")
    assert provider.asked == []


@pytest.mark.parametrize(
    ("settings", "name", "said"),
    [
        ({"idp-issuer-url": "https://i", "client-id": "c"}, "oidc", "there is no refresh-token"),
        ({"client-id": "c", "refresh-token": "r"}, "oidc", "has no idp-issuer-url"),
        ({"idp-issuer-url": "https://i", "refresh-token": "r"}, "oidc", "has no client-id"),
        ({}, "gcp", "Use gke-gcloud-auth-plugin"),
        ({}, "azure", "Use kubelogin"),
        ({}, "openstack", "no longer part of Kubernetes clients"),
    ],
)
async def test_what_needs_no_helper_to_be_wrong(settings: dict[str, str], name: str, said: str) -> None:
    assert said in await failure(alone(settings, name=name))


async def test_no_secret_in_a_repr() -> None:
    assert "s3cret" not in repr(AuthProviderConfig("oidc", {"refresh-token": "s3cret"}))
