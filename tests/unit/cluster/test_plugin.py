"""Exec credential plugins: real programs, good and bad ones."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.auth.exec_plugin import Plugin
from edgetui.cluster.auth.shared_run import REST
from edgetui.cluster.errors import CredentialError
from edgetui.cluster.target import ClusterTarget, ExecConfig
from tests.unit.cluster.kubeconfigs import b64, config, one, put, sentence
from tests.unit.cluster.tlsserver import ca_pem, client_pair, tls_server

V1 = "client.authentication.k8s.io/v1"
START = 1_700_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def answer(version: str = V1, **status: Any) -> str:
    return json.dumps({"kind": "ExecCredential", "apiVersion": version, "status": status})


class Script:
    """A plugin written for one test; `runs` counts how often it was started."""

    def __init__(self, directory: Path, body: str = "") -> None:
        self.directory = directory
        self.file = directory / "kube-login"
        self.says = directory / "says.json"
        if not body:
            body = f"cat {shlex.quote(str(self.says))}"
        self.file.write_text(f"#!/bin/sh\necho run >> {shlex.quote(str(directory / 'runs'))}\n{body}\n")
        self.file.chmod(0o755)

    @property
    def runs(self) -> int:
        file = self.directory / "runs"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def config(self, **more: Any) -> ExecConfig:
        return ExecConfig(command=str(self.file), **more)

    def plugin(self, clock: Clock | None = None, time_limit: float = 30.0, **more: Any) -> Plugin:
        clock = clock or Clock()
        return Plugin(self.config(**more), clock, clock, time_limit)


async def failure(plugin: Plugin) -> CredentialError:
    with pytest.raises(CredentialError) as caught:
        await plugin.current()
    assert caught.value.sentence.endswith(".")
    assert caught.value.next_step
    return caught.value


class TestRunning:
    async def test_it_is_told_what_client_go_tells_it(self, tmp_path: Path) -> None:
        script = Script(
            tmp_path,
            'printf "%s\\n" "$KUBERNETES_EXEC_INFO" "$REGION" "$1 $2" "$HOME" '
            f"> {tmp_path}/told\ncat {tmp_path}/says.json",
        )
        script.says.write_text(answer(token="t"))
        info = {"server": "https://h", "config": {"audience": "x"}}
        plugin = script.plugin(args=("get", "a b"), env=(("REGION", "eu"),), cluster_info=info)
        assert (await plugin.current()).token == "t"
        told, region, args, home = (tmp_path / "told").read_text().splitlines()
        assert json.loads(told) == {
            "kind": "ExecCredential",
            "apiVersion": V1,
            "spec": {"cluster": info, "interactive": False},
        }
        assert (region, args) == ("eu", "get a b")
        assert home == os.environ.get("HOME", "")

    async def test_the_cluster_is_not_told_unless_asked_for(self, tmp_path: Path) -> None:
        script = Script(tmp_path, f'echo "$KUBERNETES_EXEC_INFO" > {tmp_path}/told; cat {tmp_path}/says.json')
        script.says.write_text(answer(token="t"))
        await script.plugin().current()
        assert json.loads((tmp_path / "told").read_text())["spec"] == {"interactive": False}

    async def test_it_gets_neither_input_nor_terminal(self, tmp_path: Path) -> None:
        script = Script(
            tmp_path,
            f"{shlex.quote(sys.executable)} - <<'EOF'\n"
            "import json, os\n"
            "try: os.open('/dev/tty', os.O_RDWR); tty = 'tty'\n"
            "except OSError: tty = 'none'\n"
            "status = {'token': tty + str(os.getsid(0) == os.getppid())}\n"
            f"print(json.dumps({{'kind': 'ExecCredential', 'apiVersion': '{V1}', 'status': status}}))\n"
            "EOF",
        )
        assert (await script.plugin().current()).token == "noneTrue"
        reading = Script(tmp_path, f"cat >/dev/null; cat {tmp_path}/says.json")
        reading.says.write_text(answer(token="end of input"))
        assert (await reading.plugin(time_limit=20).current()).token == "end of input"

    async def test_it_runs_once_for_many_requests(self, tmp_path: Path) -> None:
        script = Script(tmp_path)
        script.says.write_text(answer(token="t"))
        plugin = script.plugin()
        found = await asyncio.gather(*(plugin.current() for _ in range(8)))
        assert {issued.token for issued in found} == {"t"}
        assert script.runs == 1

    async def test_it_runs_again_shortly_before_the_end(self, tmp_path: Path) -> None:
        script, clock = Script(tmp_path), Clock()
        script.says.write_text(answer(token="t", expirationTimestamp=stamp(START + 600)))
        plugin = script.plugin(clock)
        await plugin.current()
        clock.now += 569
        await plugin.current()
        assert script.runs == 1
        clock.now += 1
        script.says.write_text(answer(token="t2", expirationTimestamp=stamp(START + 1200)))
        assert (await plugin.current()).token == "t2"
        assert script.runs == 2

    async def test_short_lives_are_used_for_nine_tenths(self, tmp_path: Path) -> None:
        script, clock = Script(tmp_path), Clock()
        script.says.write_text(answer(token="t", expirationTimestamp=stamp(START + 20)))
        plugin = script.plugin(clock)
        await plugin.current()
        clock.now += 17
        await plugin.current()
        assert script.runs == 1
        clock.now += 1
        script.says.write_text(answer(token="t", expirationTimestamp=stamp(START + 60)))
        await plugin.current()
        assert script.runs == 2

    async def test_a_program_it_leaves_behind_does_not_hold_us_up(self, tmp_path: Path) -> None:
        script = Script(tmp_path, f"sleep 300 & echo $! > {tmp_path}/pid; cat {tmp_path}/says.json")
        script.says.write_text(answer(token="t"))
        try:
            assert (await script.plugin(time_limit=20).current()).token == "t"
            os.kill(int((tmp_path / "pid").read_text()), 0)
        finally:
            os.kill(int((tmp_path / "pid").read_text()), 9)


class TestAfterA401:
    async def test_it_runs_again_and_says_whether_that_helped(self, tmp_path: Path) -> None:
        script, clock = Script(tmp_path), Clock()
        script.says.write_text(answer(token="one"))
        plugin = script.plugin(clock)
        refused = await plugin.current()
        clock.now += REST
        assert not await plugin.refresh(refused)
        assert script.runs == 2
        script.says.write_text(answer(token="two"))
        clock.now += REST
        assert await plugin.refresh(plugin.issued)
        assert (await plugin.current()).token == "two"

    async def test_many_refusals_are_one_run(self, tmp_path: Path) -> None:
        script, clock = Script(tmp_path), Clock()
        script.says.write_text(answer(token="one"))
        plugin = script.plugin(clock)
        refused = await plugin.current()
        clock.now += REST
        script.says.write_text(answer(token="two"))
        assert await asyncio.gather(*(plugin.refresh(refused) for _ in range(5))) == [True] * 5
        assert script.runs == 2

    async def test_a_failing_plugin_is_left_alone_for_a_while(self, tmp_path: Path) -> None:
        script, clock = Script(tmp_path, "exit 3"), Clock()
        plugin = script.plugin(clock)
        for _ in range(5):
            await failure(plugin)
        assert script.runs == 1
        clock.now += REST
        await failure(plugin)
        assert script.runs == 2

    async def test_credentials_move_to_the_new_token(self, tmp_path: Path) -> None:
        script, clock = Script(tmp_path), Clock()
        script.says.write_text(answer(token="one"))
        user = {"exec": {"command": "./kube-login", "apiVersion": V1, "interactiveMode": "Never"}}
        found = Credentials(one(put(tmp_path / "config", config(user=user))), clock, clock)
        assert await found.headers() == [("Authorization", "Bearer one")]
        clock.now += REST
        script.says.write_text(answer(token="two"))
        assert await found.refresh()
        assert await found.headers() == [("Authorization", "Bearer two")]
        assert found.generation == 1

    async def test_a_certificate_from_a_plugin_is_shown(self, tmp_path: Path) -> None:
        ca = trustme.CA()
        script, clock = Script(tmp_path), Clock()
        user = {"exec": {"command": "./kube-login", "apiVersion": V1, "interactiveMode": "Never"}}
        cluster = {"certificate-authority-data": b64(ca_pem(ca))}
        found = Credentials(one(put(tmp_path / "config", config(cluster=cluster, user=user))), clock, clock)

        def issue(name: str) -> None:
            pair = client_pair(ca, name)
            status = {"clientCertificateData": pair.certificate.decode(), "clientKeyData": pair.key.decode()}
            script.says.write_text(answer(**status))

        with tls_server(ca.issue_cert("127.0.0.1"), clients=ca) as server:
            issue("first")
            assert await found.headers() == []
            assert server.meet(found.ssl_context()) == "first"
            issue("second")
            clock.now += REST
            assert await found.refresh()
            assert server.meet(found.ssl_context()) == "second"


class TestFailing:
    async def test_its_own_last_line_is_shown(self, tmp_path: Path) -> None:
        script = Script(
            tmp_path, "echo first >&2; printf 'sign in \\033[31mfirst\\033[0m\\n\\n' >&2; exit 255"
        )
        error = await failure(script.plugin())
        assert error.sentence == (
            "The credential plugin kube-login failed with exit code 255: sign in [31mfirst [0m."
        )

    async def test_what_it_says_is_bounded_and_holds_no_token(self, tmp_path: Path) -> None:
        token = "eyJhbGciOiJSUzI1NiJ9." + "a" * 400
        script = Script(tmp_path, f"echo 'bad token {token} {'word ' * 2000}' >&2; exit 1")
        error = await failure(script.plugin())
        assert "eyJ" not in str(error)
        assert len(error.sentence) < 300

    async def test_a_megabyte_on_stderr_does_not_block_it(self, tmp_path: Path) -> None:
        script = Script(tmp_path, f"head -c 3000000 /dev/zero | tr '\\0' x >&2; cat {tmp_path}/says.json")
        script.says.write_text(answer(token="t"))
        assert (await script.plugin().current()).token == "t"

    async def test_endless_output_is_cut(self, tmp_path: Path) -> None:
        script = Script(tmp_path, "exec cat /dev/zero")
        assert "answered more than 1 MB" in (await failure(script.plugin())).sentence

    async def test_a_hanging_plugin_is_killed_with_its_children(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "held")
        script = Script(tmp_path, f"exec 3>{tmp_path}/held; echo waiting for browser >&2; sleep 300 & wait")
        plugin = script.plugin(time_limit=1.0)
        # The pipe ends when the last program that holds its other end has ended.
        all_gone = asyncio.create_task(asyncio.to_thread((tmp_path / "held").read_bytes))
        said = (await failure(plugin)).sentence
        assert said == "The credential plugin kube-login did not answer within 1s: waiting for browser."
        assert await asyncio.wait_for(all_gone, 10) == b""

    async def test_closing_ends_it(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "started")
        plugin = Script(tmp_path, f"echo $$ > {tmp_path}/started; sleep 300").plugin()
        task = asyncio.create_task(plugin.current())
        pid = int(await asyncio.to_thread((tmp_path / "started").read_text))
        await plugin.close()
        with pytest.raises(CredentialError, match="no longer needed"):
            await task
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    async def test_it_goes_on_until_the_last_who_shares_it_has_closed_it(self, tmp_path: Path) -> None:
        script = Script(
            tmp_path, f"echo $$ > {tmp_path}/started; read go < {tmp_path}/go; cat {tmp_path}/says.json"
        )
        script.says.write_text(answer(token="t"))
        for pipe in ("started", "go"):
            os.mkfifo(tmp_path / pipe)
        plugin = script.plugin()
        plugin.users = 3
        task = asyncio.create_task(plugin.current())
        await asyncio.to_thread((tmp_path / "started").read_text)
        await plugin.close()
        await plugin.close()
        handle = os.open(tmp_path / "go", os.O_RDWR)  # which waits for no reader
        os.write(handle, b"go\n")
        assert (await task).token == "t"
        os.close(handle)

    async def test_ended_by_a_signal(self, tmp_path: Path) -> None:
        assert "failed with signal 9" in (await failure(Script(tmp_path, "kill -9 $$").plugin())).sentence

    async def test_not_installed(self, tmp_path: Path) -> None:
        missing = ExecConfig(command="no-such-plugin-anywhere", install_hint="brew install it")
        error = await failure(Plugin(missing, Clock()))
        assert error.sentence == "The credential plugin no-such-plugin-anywhere was not found."
        assert error.next_step == "brew install it"
        assert (
            "Install"
            in (await failure(Plugin(ExecConfig(command="no-such-plugin-anywhere"), Clock()))).next_step
        )

    async def test_not_executable(self, tmp_path: Path) -> None:
        script = Script(tmp_path)
        script.file.chmod(0o644)
        assert "Permission denied" in (await failure(script.plugin())).sentence

    async def test_one_that_must_ask_is_not_started(self, tmp_path: Path) -> None:
        script = Script(tmp_path)
        error = await failure(script.plugin(interactive_mode="Always"))
        assert "wants to ask on the terminal" in error.sentence
        assert script.runs == 0

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ("", "not an ExecCredential"),
            ("token: x", "an ExecCredential without an apiVersion"),
            (json.dumps({"apiVersion": 5}), "an ExecCredential without an apiVersion"),
            ("{token: x", "neither JSON nor YAML"),
            ("[" * 500_000, "neither JSON nor YAML"),
            ("[" * 900 + "]" * 900, "not an ExecCredential"),
            ('{"a":' * 5000 + "1" + "}" * 5000, "neither JSON nor YAML"),
            ("\x00", "neither JSON nor YAML"),
            (answer(clientCertificateData="\ud800", clientKeyData="k"), "fields that are not text"),
            (answer(token="\udfff"), "fields that are not text"),
            (answer(token="a\x01b"), "a token with a line break"),
            (answer(token="t", expirationTimestamp=""), "not a time"),
            (answer(token="t", expirationTimestamp=5), "not a time"),
            (answer(token="t", expirationTimestamp="0000-01-01T00:00:00Z"), "not a time"),
            (answer(token="t", expirationTimestamp="2026-11-28"), "not a time"),
            ("[]", "not an ExecCredential"),
            (json.dumps({"kind": "Status"}), "not an ExecCredential"),
            (json.dumps({"kind": "ExecCredential", "apiVersion": V1}), "without a status"),
            (answer(), "neither a token nor a certificate"),
            (answer(token=5), "fields that are not text"),
            (answer(token="a\nb"), "a token with a line break"),
            (answer(clientCertificateData="x"), "a certificate without a key"),
            (answer(token="t", expirationTimestamp="tomorrow"), "not a time"),
            (
                answer("client.authentication.k8s.io/v1beta1", token="t"),
                "answered in client.authentication.k8s.io/v1beta1",
            ),
        ],
        ids=lambda value: value[:40],
    )
    async def test_wrong_answers(self, tmp_path: Path, said: str, why: str) -> None:
        script = Script(tmp_path)
        script.says.write_text(said)
        assert why in (await failure(script.plugin())).sentence

    async def test_a_pair_that_is_no_pair_is_found_when_connecting(self, tmp_path: Path) -> None:
        ca = trustme.CA()
        script = Script(tmp_path)
        one_pair, other = client_pair(ca, "a"), client_pair(ca, "b")
        script.says.write_text(
            answer(clientCertificateData=one_pair.certificate.decode(), clientKeyData=other.key.decode())
        )
        target = ClusterTarget(name="p", context="p", server="https://h", auth=one_auth(script))
        found = Credentials(target, Clock())
        await found.headers()
        with pytest.raises(CredentialError, match="do not belong together"):
            found.ssl_context()

    async def test_nothing_secret_in_a_repr(self, tmp_path: Path) -> None:
        script = Script(tmp_path)
        script.says.write_text(answer(token="s3cret"))
        issued = await script.plugin(args=("--password=s3cret",), env=(("P", "s3cret"),)).current()
        assert "s3cret" not in repr(issued) + repr(script.config(args=("s3cret",), env=(("P", "s3cret"),)))


def one_auth(script: Script) -> Any:
    from edgetui.cluster.target import AuthSettings

    return AuthSettings(exec=script.config())


class TestKubeconfig:
    """What of a kubeconfig reaches the plugin."""

    def test_relative_commands_start_at_the_file(self, tmp_path: Path) -> None:
        for command, expected in (
            ("./x", f"{tmp_path}/x"),
            ("bin/x", f"{tmp_path}/bin/x"),
            ("x", "x"),
            ("/opt/x", "/opt/x"),
        ):
            user = {"exec": {"command": command, "apiVersion": V1, "interactiveMode": "IfAvailable"}}
            found = one(put(tmp_path / "config", config(user=user))).auth.exec
            assert found is not None and found.command == expected

    def test_v1beta1_may_leave_the_mode_out(self, tmp_path: Path) -> None:
        user = {
            "exec": {
                "command": "x",
                "apiVersion": "client.authentication.k8s.io/v1beta1",
                "args": None,
                "env": None,
            }
        }
        found = one(put(tmp_path / "config", config(user=user))).auth.exec
        assert found is not None and found.interactive_mode == "IfAvailable"

    def test_cluster_information_as_client_go_gives_it(self, tmp_path: Path) -> None:
        extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "a", "n": 1}}
        ca = b64(b"-----BEGIN CERTIFICATE-----\n")
        cluster = {
            "certificate-authority-data": ca,
            "tls-server-name": "n",
            "proxy-url": "http://p:1",
            "disable-compression": True,
            "extensions": [extension],
        }
        user = {
            "exec": {"command": "x", "apiVersion": V1, "interactiveMode": "Never", "provideClusterInfo": True}
        }
        found = one(put(tmp_path / "config", config(cluster=cluster, user=user))).auth.exec
        assert found is not None and found.cluster_info == {
            "server": "https://10.0.0.1:6443",
            "certificate-authority-data": ca,
            "tls-server-name": "n",
            "proxy-url": "http://p:1",
            "disable-compression": True,
            "config": {"audience": "a", "n": 1},
        }

    @pytest.mark.parametrize("settled", [{"token": "t"}, {"username": "u", "password": "p"}])
    def test_other_credentials_settle_it(self, tmp_path: Path, settled: dict[str, str]) -> None:
        user = {**settled, "exec": {"command": "x", "apiVersion": V1, "interactiveMode": "Never"}}
        assert one(put(tmp_path / "config", config(user=user))).auth.exec is None

    def test_an_env_entry_without_a_name(self, tmp_path: Path) -> None:
        for env in ([{"value": "x"}], [5], 5, [{"name": "A", "value": 7}]):
            user = {"exec": {"command": "x", "apiVersion": V1, "interactiveMode": "Never", "env": env}}
            assert "env entry" in sentence(one(put(tmp_path / "config", config(user=user))))
