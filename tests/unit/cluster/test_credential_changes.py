"""What of a kubeconfig, of files and of a person makes credentials other ones, and what is sent then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.cluster.auth import credentials as module
from edgetui.cluster.auth.credentials import Credentials, impersonation_headers
from edgetui.cluster.auth.token_file import PERIOD
from edgetui.cluster.errors import CredentialError, KubeconfigError
from edgetui.cluster.target import (
    AuthProviderConfig,
    AuthSettings,
    ClusterTarget,
    ExecConfig,
    Impersonation,
    TlsSettings,
)
from tests.unit.cluster.kubeconfigs import config, one, put
from tests.unit.cluster.test_credentials import Clock, credentials
from tests.unit.cluster.test_credentials_bounds import TARGET, of
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time


class Rereads:
    """A kubeconfig that says this when it is read again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, says: ClusterTarget | Exception) -> None:
        self.says = says
        monkeypatch.setattr(module, "reload", self._reload)

    def _reload(self, target: ClusterTarget, env: object) -> ClusterTarget:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


CHANGES: dict[str, tuple[Callable[[ClusterTarget], ClusterTarget], bool]] = {
    "nothing": (lambda old: old, False),
    "a namespace": (lambda old: replace(old, namespace="x"), False),
    "a token": (lambda old: replace(old, auth=AuthSettings(token="new")), True),
    "a server": (lambda old: replace(old, server="https://other"), True),
    "a proxy": (lambda old: replace(old, proxy_url="http://p:1"), True),
    "an authority": (lambda old: replace(old, tls=TlsSettings(ca_pem=b"x")), True),
    "a person": (lambda old: replace(old, impersonate=Impersonation("kim")), True),
}


@pytest.mark.parametrize("listens", [False, True])
@pytest.mark.parametrize("change", CHANGES)
async def test_what_of_a_kubeconfig_is_something_new_to_try(
    change: str, listens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, new = CHANGES[change]
    found = of(token="old")
    before = found.target
    fresh = make(before)
    Rereads(monkeypatch, fresh)
    heard: list[ClusterTarget] = []
    if listens:
        found.on_other_target = heard.append
    elsewhere = change == "a server" and not listens
    tried = new and not elsewhere
    assert await found.refresh() is tried
    taken = fresh != before and not elsewhere
    assert found.target == (fresh if taken else before)
    assert found.generation == (1 if taken else 0)
    assert heard == ([fresh] if listens and fresh != before else [])
    token = "new" if change == "a token" else "old"
    assert ("Authorization", f"Bearer {token}") in await found.headers()
    assert found.generation == (1 if taken else 0), "what is sent for the first time is no change"


async def test_a_token_that_was_set_stays_where_the_file_says_what_it_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = of(token="old")
    found.set_token("rotated")
    assert (found.generation, found.target.auth.token) == (1, "old")
    Rereads(monkeypatch, replace(found.target, server="https://other"))
    fresh = await found.reread()
    assert fresh is not None
    assert await found.adopt(fresh)
    assert await found.headers() == [("Authorization", "Bearer rotated")]
    assert await found.adopt(replace(fresh, auth=AuthSettings(token="newest")))
    assert await found.headers() == [("Authorization", "Bearer newest")]
    assert found.generation == 3


async def test_a_token_takes_the_place_of_every_other_way_but_a_certificate() -> None:
    auth: dict[str, Any] = {
        "username": "u",
        "password": "p",
        "exec": ExecConfig("x"),
        "auth_provider": AuthProviderConfig("oidc"),
        "client_certificate": b"c",
        "client_key": b"k",
    }
    found = of(**auth)
    found.set_token("new")
    assert found._auth == AuthSettings(token="new", client_certificate=b"c", client_key=b"k")
    assert await found.headers() == [("Authorization", "Bearer new")]
    assert found.generation == 1


async def test_who_was_refused_under_an_earlier_generation_has_something_to_try() -> None:
    found = of(token="t")
    found.generation = 5
    assert await found.refresh(4)
    assert not await found.refresh(5)
    assert not await found.refresh()
    assert found.generation == 5


async def test_what_cannot_be_read_again_leaves_what_there_was(monkeypatch: pytest.MonkeyPatch) -> None:
    found = of(token="t")
    Rereads(monkeypatch, KubeconfigError("Half written."))
    assert not await found.refresh()
    assert await found.headers() == [("Authorization", "Bearer t")]
    with pytest.raises(KubeconfigError):
        await found.reread()


def test_a_kubeconfig_on_a_mount_that_hangs_is_given_up_after_five_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main(loop: VirtualLoop) -> None:
        monkeypatch.setattr(module, "in_thread", lambda call, name: loop.create_future())
        began = loop.time()
        assert await of(token="t").reread() is None
        assert loop.time() - began == 5.0

    on_virtual_time(main)


async def test_what_was_read_for_a_target_that_is_no_more_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = of(token="t")
    fresh = replace(found.target, server="https://other")

    def look(call: object, name: str) -> asyncio.Future[ClusterTarget]:
        found.target = replace(found.target, namespace="x")
        done: asyncio.Future[ClusterTarget] = asyncio.get_running_loop().create_future()
        done.set_result(fresh)
        return done

    monkeypatch.setattr(module, "in_thread", look)
    assert await found.reread() is None


async def test_another_token_from_a_file_is_a_new_generation_once(tmp_path: Path) -> None:
    clock, file = Clock(), put(tmp_path / "t", "one")
    found = credentials(clock, token_file=file)
    for content, generation in (("one", 0), ("one", 0), ("two", 1), ("two", 1), ("three", 2)):
        put(file, content)
        clock.now += PERIOD
        assert await found.headers() == [("Authorization", f"Bearer {content}")]
        assert found.generation == generation


async def test_nothing_is_sent_beside_impersonation_where_there_is_nothing() -> None:
    target = replace(
        TARGET, impersonate=Impersonation("kim", ("ops",), "", (("a/b%", ("1", "2")), ("c", ())))
    )
    assert await Credentials(target).headers() == [
        ("Impersonate-User", "kim"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Extra-a%2Fb%25", "1"),
        ("Impersonate-Extra-a%2Fb%25", "2"),
    ]
    assert impersonation_headers(Impersonation("", ("ops",), "7")) == []


@pytest.mark.parametrize("odd", ["a\rb", "a\nb", "a\0b"])
def test_a_line_break_in_any_part_of_an_impersonation_is_refused(odd: str) -> None:
    for whom in (
        Impersonation(odd),
        Impersonation("u", ("g", odd)),
        Impersonation("u", (), odd),
        Impersonation("u", (), "", (("k", (odd,)),)),
    ):
        with pytest.raises(CredentialError) as caught:
            impersonation_headers(whom)
        assert str(caught.value).endswith(" has a line break in it. Correct it in the kubeconfig.")


async def test_credentials_with_a_token_alone_have_nothing_of_the_kubeconfig(tmp_path: Path) -> None:
    whole = one(put(tmp_path / "config", config(user={"token": "old", "as": "kim"})))
    alone = Credentials(whole).without_client_certificate("new")
    assert alone.target == replace(
        whole, file=None, sources=(), auth=AuthSettings(token="new"), impersonate=Impersonation()
    )
