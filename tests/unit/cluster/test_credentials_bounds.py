"""Credentials of one cluster against the second and in full: what is looked at when, and what counts as a change."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.cluster.auth.credential_files import CredentialFiles
from edgetui.cluster.auth.credentials import LOOK_AGAIN, Credentials
from edgetui.cluster.auth.exec_plugin import Issued
from edgetui.cluster.auth.token_file import PERIOD
from edgetui.cluster.errors import CredentialError, TlsError
from edgetui.cluster.http import tls
from edgetui.cluster.http.tls import KeyPair
from edgetui.cluster.target import (
    AuthProviderConfig,
    AuthSettings,
    ClusterTarget,
    ExecConfig,
    TlsSettings,
)
from tests.unit.cluster.kubeconfigs import put
from tests.unit.cluster.test_credentials import Clock
from tests.unit.cluster.test_files_in_time import Mount
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

TARGET = ClusterTarget(name="plant", context="plant", server="https://h")


class Contexts:
    """Takes the place of TLS: what each context was made of, and which material is refused."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[tuple[bytes | None, KeyPair | None]] = []
        self.refused: Exception | None = None
        monkeypatch.setattr(tls, "client_context", self._make)

    def _make(self, settings: TlsSettings, pair: KeyPair | None) -> object:
        if self.refused is not None:
            raise self.refused
        self.made.append((settings.ca_pem, pair))
        return object()


@pytest.fixture
def contexts(monkeypatch: pytest.MonkeyPatch) -> Contexts:
    return Contexts(monkeypatch)


def of(clock: Clock | None = None, tls: TlsSettings | None = None, **auth: Any) -> Credentials:
    clock = clock or Clock()
    target = replace(TARGET, auth=AuthSettings(**auth), tls=tls or TlsSettings())
    return Credentials(target, clock, clock)


@pytest.mark.parametrize(
    ("auth", "sentence", "step"),
    [
        ({"token": "t"}, "", ""),
        (
            {"exec": ExecConfig("/opt/bin/kube-login")},
            "Waiting for the credential plugin kube-login.",
            "It may want you to sign in, in a browser or in a shell.",
        ),
    ],
)
def test_what_the_first_answer_may_wait_for(auth: dict[str, Any], sentence: str, step: str) -> None:
    assert of(**auth).waiting_for == (sentence, step)


def test_what_a_person_should_know_is_said_in_one_line() -> None:
    found = of(auth_provider=AuthProviderConfig("oidc"))
    assert found._provider is not None
    assert found.notice == ""
    found._provider.notice = "Not kept."
    assert found.notice == "Not kept."
    found.said = "Changed."
    assert found.notice == "Changed. Not kept."
    other = of(token="t")
    other.said = "Changed."
    assert other.notice == "Changed."


class TestContexts:
    async def test_what_a_context_is_made_of(self, contexts: Contexts, tmp_path: Path) -> None:
        files = {name: put(tmp_path / name, name) for name in ("ca", "c", "k")}
        inside = {"client_certificate": b"ic", "client_key": b"ik"}
        named = {"client_certificate_file": files["c"], "client_key_file": files["k"]}
        trusted = TlsSettings(ca_pem=b"old", ca_file=files["ca"])
        for settings, auth in (
            (TlsSettings(), {}),
            (TlsSettings(ca_pem=b"inside"), inside),
            (trusted, named),
            (TlsSettings(), {**inside, **named}),
            (TlsSettings(), {"client_certificate": b"ic", "client_key_file": files["k"]}),
            (TlsSettings(), {"client_certificate_file": files["c"], "client_key": b"ik"}),
            (TlsSettings(), {"client_certificate": b"ic"}),
            (TlsSettings(), {"client_key": b"ik"}),
        ):
            found = of(tls=settings, **auth)
            await found.headers()
            assert found.ssl_context() is found.ssl_context()
        assert contexts.made == [
            (None, None),
            (b"inside", KeyPair(b"ic", b"ik")),
            (b"ca", KeyPair(b"c", b"k")),
            (None, KeyPair(b"ic", b"ik")),
            (None, KeyPair(b"ic", b"k")),
            (None, KeyPair(b"c", b"ik")),
            (None, None),
            (None, None),
        ]

    async def test_what_a_plugin_issued_counts_more_than_the_kubeconfig(self, contexts: Contexts) -> None:
        found = of(exec=ExecConfig("x"), client_certificate=b"ic", client_key=b"ik")
        assert found._plugin is not None
        for issued in (None, Issued("t", None), Issued("", KeyPair(b"c", b"k"))):
            found._plugin._issued = issued
            found.ssl_context()
        assert contexts.made == [(None, KeyPair(b"ic", b"ik")), (None, KeyPair(b"c", b"k"))]
        assert found.generation == 1

    @pytest.mark.parametrize("error", [CredentialError("No pair."), TlsError("No CA.")])
    async def test_what_cannot_be_used_is_raised_where_nothing_worked_before(
        self, contexts: Contexts, tmp_path: Path, error: Exception
    ) -> None:
        clock, ca = Clock(), put(tmp_path / "ca", "one")
        found = of(clock, tls=TlsSettings(ca_file=ca))
        await found.headers()
        contexts.refused = error
        with pytest.raises(type(error)):
            found.ssl_context()
        contexts.refused = None
        first = found.ssl_context()
        assert found.generation == 0
        put(ca, "another")
        clock.now += LOOK_AGAIN
        contexts.refused = error
        await found.look()
        assert found.ssl_context() is first
        contexts.refused = None
        second = found.ssl_context()
        assert second is not first
        assert found.ssl_context() is second
        assert found.generation == 1
        assert contexts.made == [(b"one", None), (b"another", None)]

    async def test_a_file_that_was_never_named_is_not_read(self) -> None:
        with pytest.raises(CredentialError, match=r"^/x was not read yet\.$"):
            of()._held(Path("/x"))


class TestLooks:
    @pytest.mark.parametrize(
        ("auth", "period"),
        [
            ({"token_file": "t"}, PERIOD),
            ({"client_certificate_file": "t", "client_key_file": "t"}, LOOK_AGAIN),
            ({"token_file": "t", "client_key_file": "t"}, LOOK_AGAIN),
        ],
    )
    async def test_files_are_looked_at_when_they_are_due(
        self, auth: dict[str, str], period: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock, mount, file = Clock(), Mount(monkeypatch), put(tmp_path / "t", "one")
        named: dict[str, Any] = dict.fromkeys(auth, file)
        found = of(clock, **named)
        await found.headers()
        assert mount.looks == 1
        for rest, looks in ((0.0, 1), (period - 0.01, 1), (0.01, 2), (0.0, 2), (period, 3)):
            clock.now += rest
            await found.headers()
            assert mount.looks == looks
        await found._look_at_files(at_once=True)
        assert mount.looks == 4

    async def test_without_files_nothing_is_looked_at(self, monkeypatch: pytest.MonkeyPatch) -> None:
        mount = Mount(monkeypatch)
        found = of(token="t")
        await found.headers()
        await found._look_at_files(at_once=True)
        assert mount.looks == 0

    def test_a_first_look_is_waited_for_five_seconds_and_one_look_serves_all(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def main(loop: VirtualLoop) -> None:
            mount = Mount(monkeypatch)
            mount.hangs = loop.create_future()
            found = Credentials(
                replace(TARGET, auth=AuthSettings(token_file=put(tmp_path / "t", "one"))),
                loop.time,
                loop.time,
            )
            began = loop.time()
            for _ in range(2):
                with pytest.raises(CredentialError) as caught:
                    await found.headers()
                assert str(caught.value) == (
                    "The token, certificate or authority file of this cluster could not be read within 5s. "
                    "Check that it is a file, and that its mount does not hang."
                )
            assert (loop.time() - began, mount.looks) == (10.0, 1)
            waiting = asyncio.gather(found.headers(), found.headers(), return_exceptions=True)
            await asyncio.sleep(1)
            assert found._file is not None
            found._file.read()
            mount.hangs.set_result(None)
            assert list(await waiting) == [[("Authorization", "Bearer one")]] * 2
            assert mount.looks == 1
            mount.hangs = None
            await asyncio.sleep(PERIOD)
            await found.headers()
            assert mount.looks == 2

        on_virtual_time(main)

    def test_a_later_look_that_hangs_is_waited_for_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def main(loop: VirtualLoop) -> None:
            mount = Mount(monkeypatch)
            file = put(tmp_path / "t", "one")
            found = Credentials(replace(TARGET, auth=AuthSettings(token_file=file)), loop.time, loop.time)
            await found.headers()
            mount.hangs = loop.create_future()
            await asyncio.sleep(PERIOD)
            began = loop.time()
            for waited in (5.0, 5.0, 5.0):
                assert await found.headers() == [("Authorization", "Bearer one")]
                assert loop.time() - began == waited
            mount.hangs.set_result(None)

        on_virtual_time(main)


class TestFiles:
    def test_each_is_read_again_when_it_has_changed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from edgetui.cluster.kubeconfig import yaml_file

        reads: list[str] = []
        read = yaml_file.read_bounded

        def counted(path: Path) -> bytes:
            reads.append(path.name)
            return read(path)

        monkeypatch.setattr(yaml_file, "read_bounded", counted)
        a, b, gone = put(tmp_path / "a", "1"), put(tmp_path / "b", "2"), tmp_path / "gone"
        files = CredentialFiles([a, b, gone])
        assert files.version == (None, None, None)
        assert files.bytes_of(b) == b"2"
        assert reads == ["a", "b", "gone"]
        first = files.version
        files.look()
        assert (reads, files.version) == (["a", "b", "gone"], first)
        put(a, "other")
        put(gone, "here")
        files.look()
        assert reads[3:] == ["a", "gone"]
        assert (files.bytes_of(a), files.bytes_of(gone)) == (b"other", b"here")
        assert [one == other for one, other in zip(files.version, first, strict=True)] == [False, True, False]

    def test_what_cannot_be_read_is_said_where_it_is_needed(self, tmp_path: Path) -> None:
        files = CredentialFiles([tmp_path / "gone"])
        files.look()
        with pytest.raises(CredentialError) as caught:
            files.bytes_of(tmp_path / "gone")
        assert str(caught.value) == (
            f"A certificate or key of this cluster cannot be used: {tmp_path}/gone does not exist. "
            f"Check {tmp_path}/gone and who may read it."
        )


@pytest.mark.parametrize(("length", "shown"), [(60, "n" * 60), (61, f"{'n' * 59}…")])
def test_a_long_name_of_a_plugin_is_cut(length: int, shown: str) -> None:
    found = of(exec=ExecConfig(f"/opt/{'n' * length}"))
    assert found.waiting_for[0] == f"Waiting for the credential plugin {shown}."
