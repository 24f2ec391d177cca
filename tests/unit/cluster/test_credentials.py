"""Headers and TLS contexts of one cluster, and what makes them change."""

from __future__ import annotations

import base64
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
import trustme

from edgetui.cluster.auth.credentials import LOOK_AGAIN, Credentials, impersonation_headers
from edgetui.cluster.errors import CredentialError
from edgetui.cluster.target import AuthSettings, ClusterTarget, Impersonation, TlsSettings
from tests.unit.cluster.kubeconfigs import b64, config, one, put
from tests.unit.cluster.tlsserver import ca_pem, client_pair, tls_server


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def credentials(clock: Clock | None = None, **auth: Any) -> Credentials:
    target = ClusterTarget(name="plant", context="plant", server="https://h", auth=AuthSettings(**auth))
    clock = clock or Clock()
    return Credentials(target, clock, clock)


async def test_a_token() -> None:
    assert await credentials(token="abc").headers() == [("Authorization", "Bearer abc")]


async def test_a_password() -> None:
    ((_, value),) = await credentials(username="ü", password="p:w").headers()
    assert base64.b64decode(value.removeprefix("Basic ")).decode() == "ü:p:w"


@pytest.mark.parametrize(("auth", "pair"), [({"username": "kim"}, "kim:"), ({"password": "p"}, ":p")])
async def test_half_a_password_is_sent_as_it_is(auth: dict[str, str], pair: str) -> None:
    assert await credentials(**auth).headers() == [("Authorization", f"Basic {b64(pair.encode())}")]


async def test_nothing() -> None:
    assert await credentials().headers() == []


async def test_no_secret_in_any_repr(tmp_path: Path) -> None:
    whole = config(user={"token": "s3cret-token", "as": "x"})
    target = one(put(tmp_path / "a", whole))
    assert "s3cret" not in repr(target)
    assert "s3cret" not in repr(Credentials(target))


class TestImpersonation:
    def test_every_header_of_client_go(self) -> None:
        whom = Impersonation("ops", ("a", "b"), "7", (("scopes/x y", ("v", "w")),))
        found = impersonation_headers(whom)
        assert found == [
            ("Impersonate-User", "ops"),
            ("Impersonate-Uid", "7"),
            ("Impersonate-Group", "a"),
            ("Impersonate-Group", "b"),
            ("Impersonate-Extra-scopes%2Fx%20y", "v"),
            ("Impersonate-Extra-scopes%2Fx%20y", "w"),
        ]

    def test_many_groups_are_all_sent(self) -> None:
        groups = tuple(f"g{n}" for n in range(300))
        assert [value for _, value in impersonation_headers(Impersonation("u", groups))] == ["u", *groups]

    def test_nobody_to_be(self) -> None:
        assert impersonation_headers(Impersonation()) == []

    def test_a_line_break_is_no_second_header(self) -> None:
        with pytest.raises(CredentialError):
            impersonation_headers(Impersonation("u\r\nX: y"))


class TestTokenFile:
    async def token(self, found: Credentials) -> str:
        return dict(await found.headers())["Authorization"].removeprefix("Bearer ")

    async def test_is_read_again_within_a_minute(self, tmp_path: Path) -> None:
        clock, file = Clock(), put(tmp_path / "token", " one\n")
        found = credentials(clock, token_file=file)
        assert await self.token(found) == "one"
        put(file, "two")
        clock.now += 49
        assert await self.token(found) == "one"
        clock.now += 1
        assert await self.token(found) == "two"

    async def test_is_read_at_once_after_a_401(self, tmp_path: Path) -> None:
        file = put(tmp_path / "token", "one")
        found = credentials(token_file=file)
        await found.headers()
        assert not await found.refresh()
        put(file, "two")
        assert await found.refresh()
        assert await self.token(found) == "two"
        assert found.generation == 1

    async def test_the_last_good_token_stays(self, tmp_path: Path) -> None:
        clock, file = Clock(), put(tmp_path / "token", "one")
        found = credentials(clock, token_file=file)
        await found.headers()
        for spoiled in ("", "a b", "ü"):
            put(file, spoiled)
            clock.now += 60
            assert await self.token(found) == "one"
        file.unlink()
        clock.now += 60
        assert await self.token(found) == "one"

    async def test_the_inline_token_bridges_a_missing_file(self, tmp_path: Path) -> None:
        found = credentials(token_file=tmp_path / "gone", token="inline")
        assert await self.token(found) == "inline"

    @pytest.mark.parametrize(
        ("content", "said"), [(None, "does not exist"), ("", "is empty"), ("a b", "does not hold")]
    )
    async def test_none_at_all_is_an_error(self, tmp_path: Path, content: str | None, said: str) -> None:
        file = tmp_path / "token"
        if content is not None:
            put(file, content)
        with pytest.raises(CredentialError, match=said):
            await credentials(token_file=file).headers()

    async def test_a_rotated_token_is_used_until_the_file_changes(self, tmp_path: Path) -> None:
        clock, file = Clock(), put(tmp_path / "token", "one")
        found = credentials(clock, token_file=file)
        await found.headers()
        found.set_token("new")
        clock.now += 600
        assert await self.token(found) == "new"
        put(file, "newer")
        clock.now += 600
        assert await self.token(found) == "newer"


class TestChanges:
    async def test_a_new_token(self) -> None:
        found = credentials(token="old")
        found.set_token("new")
        assert await found.headers() == [("Authorization", "Bearer new")]
        assert found.generation == 1

    async def test_the_kubeconfig_is_looked_at_after_a_401(self, tmp_path: Path) -> None:
        file = put(tmp_path / "a", config(user={"token": "old"}))
        found = Credentials(one(file), clock := Clock(), clock)
        assert not await found.refresh()
        put(file, config(user={"token": "new"}))
        assert await found.refresh()
        assert await found.headers() == [("Authorization", "Bearer new")]
        assert not await found.refresh()

    async def test_a_rotation_of_our_own_is_no_news(self, tmp_path: Path) -> None:
        file = put(tmp_path / "a", config(user={"token": "old"}))
        found = Credentials(one(file), clock := Clock(), clock)
        found.set_token("new")
        put(file, config(user={"token": "new"}))
        assert not await found.refresh()

    async def test_plain_http_never_gets_credentials(self, tmp_path: Path) -> None:
        file = put(tmp_path / "a", config(cluster={"server": "http://127.0.0.1:8001"}, user={"token": "t"}))
        found = Credentials(one(file), clock := Clock(), clock)
        assert await found.headers() == []
        assert not await found.refresh()
        assert await found.headers() == []

    async def test_proof_of_a_token_uses_nothing_else(self, tmp_path: Path) -> None:
        ca = trustme.CA()
        pair = client_pair(ca, "admin")
        user = {
            "client-certificate-data": b64(pair.certificate),
            "client-key-data": b64(pair.key),
            "as": "other",
        }
        target = one(
            put(tmp_path / "a", config(cluster={"certificate-authority-data": b64(ca_pem(ca))}, user=user))
        )
        alone = Credentials(target, Clock()).without_client_certificate("new")
        assert await alone.headers() == [("Authorization", "Bearer new")]
        assert not await alone.refresh()
        with tls_server(ca.issue_cert("127.0.0.1"), clients=ca) as server:
            assert server.meet(Credentials(target).ssl_context()) == "admin"
            assert server.meet(alone.ssl_context()) == "nobody"


class TestContext:
    def files(self, tmp_path: Path, ca: trustme.CA, user: str) -> Credentials:
        self.replace(tmp_path, ca, user)
        (tmp_path / "ca.pem").write_bytes(ca_pem(ca))
        whole = config(
            cluster={"certificate-authority": "ca.pem"},
            user={"client-certificate": "c.pem", "client-key": "k.pem"},
        )
        self.clock = Clock()
        return Credentials(one(put(tmp_path / "config", whole)), self.clock, self.clock)

    async def context(self, found: Credentials) -> ssl.SSLContext:
        """As a request takes it, a moment later."""
        self.clock.now += LOOK_AGAIN
        await found.headers()
        return found.ssl_context()

    def replace(self, tmp_path: Path, ca: trustme.CA, user: str) -> None:
        pair = client_pair(ca, user)
        for name, content in (("c.pem", pair.certificate), ("k.pem", pair.key)):
            (tmp_path / f"{name}.new").write_bytes(content)
            (tmp_path / f"{name}.new").replace(tmp_path / name)

    async def test_is_one_object_until_a_file_changes(self, tmp_path: Path) -> None:
        ca = trustme.CA()
        found = self.files(tmp_path, ca, "ops")
        with tls_server(ca.issue_cert("127.0.0.1"), clients=ca) as server:
            first = await self.context(found)
            assert await self.context(found) is first
            assert server.meet(first) == "ops"
            self.replace(tmp_path, ca, "ops2")
            second = await self.context(found)
            assert second is not first
            assert server.meet(second) == "ops2"
            assert found.generation == 1

    async def test_new_files_are_something_to_try_after_a_401(self, tmp_path: Path) -> None:
        ca = trustme.CA()
        found = self.files(tmp_path, ca, "ops")
        await self.context(found)
        assert not await found.refresh()
        self.replace(tmp_path, ca, "ops2")
        assert await found.refresh()

    async def test_half_replaced_files_keep_the_old_context(self, tmp_path: Path) -> None:
        ca = trustme.CA()
        found = self.files(tmp_path, ca, "ops")
        first = await self.context(found)
        key = (tmp_path / "k.pem").read_bytes()
        other = client_pair(ca, "ops2")
        (tmp_path / "c.pem").write_bytes(other.certificate)
        assert await self.context(found) is first
        (tmp_path / "k.pem").unlink()
        assert await self.context(found) is first
        (tmp_path / "k.pem").write_bytes(other.key)
        assert await self.context(found) is not first
        assert key != other.key

    async def test_a_new_authority_is_trusted(self, tmp_path: Path) -> None:
        old, new = trustme.CA(), trustme.CA()
        found = self.files(tmp_path, old, "ops")
        await self.context(found)
        (tmp_path / "ca.pem").write_bytes(ca_pem(new))
        with tls_server(new.issue_cert("127.0.0.1")) as server:
            assert server.meet(await self.context(found)) == "nobody"

    async def test_a_certificate_that_never_fits_is_an_error(self, tmp_path: Path) -> None:
        ca = trustme.CA()
        found = self.files(tmp_path, ca, "ops")
        (tmp_path / "k.pem").write_bytes(client_pair(ca, "x").key)
        with pytest.raises(CredentialError, match="do not belong together"):
            await self.context(found)

    def test_server_name_and_insecure_come_from_the_kubeconfig(self, tmp_path: Path) -> None:
        target = one(put(tmp_path / "a", config(cluster={"tls-server-name": "x.example"})))
        assert target.tls == TlsSettings(server_name="x.example")
        target = one(put(tmp_path / "b", config(cluster={"insecure-skip-tls-verify": True})))
        assert target.tls.insecure
        assert target.badges == ("INSECURE TLS",)


class TestAdvice:
    async def test_it_is_about_the_token_in_use(self, tmp_path: Path) -> None:
        expired = "e30." + base64.urlsafe_b64encode(b'{"exp": 1}').decode().rstrip("=") + ".c2ln"
        found = credentials(token=expired)
        assert "expired" in found.explain_refusal().sentence
        found.set_token("opaque")
        assert "expired" not in found.explain_refusal().sentence
        found = credentials(token_file=put(tmp_path / "token", expired))
        await found.headers()
        assert "expired" in found.explain_refusal().sentence

    def test_an_expired_certificate_from_the_kubeconfig(self, tmp_path: Path) -> None:
        pair = client_pair(trustme.CA(), "admin", days=-3)
        user = {"client-certificate-data": b64(pair.certificate), "client-key-data": b64(pair.key)}
        found = Credentials(one(put(tmp_path / "config", config(user=user))), time.time)
        assert found.explain_refusal().sentence.startswith("The client certificate of u expired 3d")
