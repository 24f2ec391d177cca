"""Credential plugins that hang or take their time: nobody else waits for them, and they do not outlive edgetui."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from edgetui.cluster.auth import program_slots
from edgetui.cluster.auth import subprocess as child
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.auth.exec_plugin import Plugin, find_program, read_answer
from edgetui.cluster.errors import CredentialError
from edgetui.cluster.target import AuthSettings, ClusterTarget, ExecConfig

V1 = "client.authentication.k8s.io/v1"
ANSWER = json.dumps({"kind": "ExecCredential", "apiVersion": V1, "status": {"token": "good"}})
PATIENCE = 60.0


def program(file: Path, body: str) -> Path:
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


def plugin(file: Path) -> Plugin:
    return Plugin(ExecConfig(command=str(file)), time.time)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether it runs: one that has ended may wait for its parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_forty_that_hang_delay_neither_a_thread_nor_a_plugin_that_answers(tmp_path: Path) -> None:
    hang = program(tmp_path / "hang", f"echo >> {tmp_path}/started; sleep 300")
    hanging = [plugin(hang) for _ in range(40)]
    waiting = [asyncio.create_task(one.current()) for one in hanging]
    try:
        await asyncio.sleep(0)
        began = time.monotonic()
        await asyncio.wait_for(asyncio.to_thread(lambda: None), PATIENCE)
        thread = time.monotonic() - began
        healthy = plugin(program(tmp_path / "healthy", f"echo '{ANSWER}'"))
        issued = await asyncio.wait_for(healthy.current(), PATIENCE)
        assert issued.token == "good"
        assert not any(task.done() for task in waiting)
        assert thread < 2.0
        await until(lambda: len((tmp_path / "started").read_text().splitlines()) == 40)
    finally:
        await asyncio.gather(*(one.close() for one in hanging))
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_only_a_few_work_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_slots, "LONGEST", PATIENCE)
    busy = program(
        tmp_path / "busy",
        f"echo >> {tmp_path}/started; while [ ! -e {tmp_path}/go ]; do :; done; echo '{ANSWER}'",
    )
    many = [plugin(busy) for _ in range(program_slots.MOST_WORKING + 2)]
    waiting = [asyncio.create_task(one.current()) for one in many]
    started = tmp_path / "started"
    await until(
        lambda: started.exists() and len(started.read_text().splitlines()) == program_slots.MOST_WORKING
    )
    (tmp_path / "go").touch()
    assert {issued.token for issued in await asyncio.gather(*waiting)} == {"good"}


async def test_a_waiter_that_gives_up_does_not_end_what_others_wait_for(tmp_path: Path) -> None:
    slow = program(
        tmp_path / "slow",
        f"echo run >> {tmp_path}/runs; while [ ! -e {tmp_path}/signed-in ]; do sleep 0.01; done; echo '{ANSWER}'",
    )
    found = plugin(slow)
    impatient, patient = asyncio.create_task(found.current()), asyncio.create_task(found.current())
    await until((tmp_path / "runs").exists)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    later = asyncio.create_task(found.current())
    (tmp_path / "signed-in").touch()
    assert (await patient).token == (await later).token == "good"
    assert (tmp_path / "runs").read_text() == "run\n"


async def test_a_run_that_nobody_waits_for_any_more_still_counts(tmp_path: Path) -> None:
    slow = program(
        tmp_path / "slow",
        f"echo run >> {tmp_path}/runs; while [ ! -e {tmp_path}/signed-in ]; do sleep 0.01; done; echo '{ANSWER}'",
    )
    found = plugin(slow)
    task = asyncio.create_task(found.current())
    await until((tmp_path / "runs").exists)
    task.cancel()
    (tmp_path / "signed-in").touch()
    await until(lambda: found.issued)
    assert (await found.current()).token == "good"
    assert (tmp_path / "runs").read_text() == "run\n"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_plugin_started_dies_with_edgetui(tmp_path: Path, how: signal.Signals) -> None:
    hang = program(
        tmp_path / "hang", f"sleep 300 & echo $$ $! > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pids; wait"
    )
    script = (
        "import asyncio, time\n"
        "from edgetui.cluster.auth.exec_plugin import Plugin\n"
        "from edgetui.cluster.target import ExecConfig\n"
        "from edgetui.cluster.auth import orphans\n"
        "guard = orphans.guard\n"
        f"orphans.guard = lambda group: (guard(group), open({str(tmp_path / 'guarded')!r}, 'w').close())\n"
        f"asyncio.run(Plugin(ExecConfig(command={str(hang)!r}), time.time).current())\n"
    )
    ours = subprocess.Popen([sys.executable, "-c", script])
    try:
        wait_for(lambda: (tmp_path / "pids").exists() and (tmp_path / "guarded").exists())
        pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
        assert all(alive(pid) for pid in pids)
        ours.send_signal(how)
        ours.wait(PATIENCE)
        wait_for(lambda: not any(alive(pid) for pid in pids))
    finally:
        ours.kill()


def wait_for(true: Callable[[], object]) -> None:
    until_then = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until_then
        time.sleep(0.01)


async def test_a_program_that_has_ended_is_noticed_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    for _ in range(20):
        await child.run(["/bin/true"], {}, 30.0)
    assert time.monotonic() - began < 20 * child._RARELY / 2


async def test_clusters_of_one_user_share_a_run_and_what_it_issued(tmp_path: Path) -> None:
    slow = program(
        tmp_path / "slow",
        f"echo run >> {tmp_path}/runs; while [ ! -e {tmp_path}/signed-in ]; do sleep 0.01; done; echo '{ANSWER}'",
    )
    auth = AuthSettings(exec=ExecConfig(command=str(slow)))
    targets = [ClusterTarget(name=n, context=n, server=f"https://{n}", auth=auth) for n in "abcd"]
    found = [Credentials(target) for target in targets]
    waiting = [asyncio.create_task(one.headers()) for one in found]
    await until((tmp_path / "runs").exists)
    await found[0].close()  # one cluster less does not end what the others wait for
    (tmp_path / "signed-in").touch()
    assert await asyncio.gather(*waiting) == [[("Authorization", "Bearer good")]] * 4
    assert (tmp_path / "runs").read_text() == "run\n"
    other = replace(auth.exec, args=("x",)) if auth.exec else None
    await Credentials(replace(targets[0], auth=AuthSettings(exec=other))).headers()
    assert (tmp_path / "runs").read_text() == "run\nrun\n"


class TestExpiry:
    """What client-go does with the time, on a wall clock that is wrong and a steady one that is not."""

    def plugin(self, tmp_path: Path, says: str) -> tuple[Plugin, list[float], Path]:
        now = [1_800_000_000.0, 100.0]
        (tmp_path / "says").write_text(says)
        file = program(tmp_path / "p", f"echo run >> {tmp_path}/runs; cat {tmp_path}/says")
        return Plugin(ExecConfig(command=str(file)), lambda: now[0], lambda: now[1]), now, tmp_path / "runs"

    def says(self, stamp: object) -> str:
        status = {"token": "good", "expirationTimestamp": stamp}
        return json.dumps({"kind": "ExecCredential", "apiVersion": V1, "status": status})

    @pytest.mark.parametrize("stamp", [None, "0001-01-01T00:00:00Z"])
    async def test_no_time_and_the_zero_time_mean_never(self, tmp_path: Path, stamp: str | None) -> None:
        found, now, runs = self.plugin(tmp_path, self.says(stamp))
        await found.current()
        now[0], now[1] = now[0] + 1e9, now[1] + 1e9
        assert (await found.current()).token == "good"
        assert runs.read_text() == "run\n"

    async def test_what_says_that_it_has_expired_is_tried_and_renewed_for_the_next_request(
        self, tmp_path: Path
    ) -> None:
        found, now, runs = self.plugin(tmp_path, self.says("2020-01-01T00:00:00Z"))
        assert (await found.current()).token == "good"
        assert (await found.current()).token == "good"
        assert runs.read_text() == "run\n"
        now[1] += 5.0
        await found.current()
        assert runs.read_text() == "run\nrun\n"

    async def test_a_time_before_1970_is_no_nonsense(self, tmp_path: Path) -> None:
        found, _, _ = self.plugin(tmp_path, self.says("1969-07-20T20:17:40+02:00"))
        assert (await found.current()).token == "good"

    async def test_a_renewal_that_fails_early_does_no_harm(self, tmp_path: Path) -> None:
        found, now, runs = self.plugin(tmp_path, self.says("2027-01-15T08:10:00Z"))
        await found.current()
        (tmp_path / "says").write_text("nonsense")
        now[0], now[1] = 1_800_000_000.0 + 590, now[1] + 590
        assert (await found.current()).token == "good"
        assert runs.read_text() == "run\nrun\n"
        now[0], now[1] = now[0] + 20, now[1] + 20
        with pytest.raises(CredentialError, match="not an ExecCredential"):
            await found.current()

    async def test_a_clock_set_back_does_not_stop_a_new_try(self, tmp_path: Path) -> None:
        found, now, runs = self.plugin(tmp_path, "nonsense")
        for _ in range(3):
            with pytest.raises(CredentialError):
                await found.current()
        assert runs.read_text() == "run\n"
        (tmp_path / "says").write_text(self.says(None))
        now[0], now[1] = now[0] - 3600, now[1] + 5
        assert (await found.current()).token == "good"


class TestAfterARefusal:
    async def test_who_was_refused_before_a_renewal_has_something_new_to_try(self, tmp_path: Path) -> None:
        (tmp_path / "says").write_text(ANSWER)
        file = program(tmp_path / "p", f"echo run >> {tmp_path}/runs; cat {tmp_path}/says")
        now = [100.0]
        target = ClusterTarget(
            name="p", context="p", server="https://h", auth=AuthSettings(exec=ExecConfig(command=str(file)))
        )
        found = Credentials(target, lambda: 1.8e9, lambda: now[0])
        await found.headers()
        seen = found.generation
        (tmp_path / "says").write_text(ANSWER.replace("good", "better"))
        now[0] += 5
        assert await found.refresh(seen)
        await found.headers()
        now[0] += 60
        assert await found.refresh(seen), "its own token was another one"
        assert (tmp_path / "runs").read_text() == "run\nrun\n"
        assert not await found.refresh(found.generation)
        assert (tmp_path / "runs").read_text() == "run\nrun\nrun\n"


class TestAnswers:
    @pytest.mark.parametrize(
        "said",
        [
            f"---\napiVersion: {V1}\nkind: ExecCredential\nstatus:\n  token: good\n",
            f"# comment\nkind: ExecCredential\napiVersion: {V1}\nstatus: {{token: 'good'}}\n---\nsecond: document\n",
            f"apiVersion: {V1}\nstatus: {{token: good, expirationTimestamp: 2030-01-01T00:00:00Z}}\n",
            ANSWER,
            f"\n  {ANSWER}\n",
            ANSWER.replace('"kind": "ExecCredential", ', ""),
            ANSWER.replace('"good"', '"good", "clientKeyData": null, "more": [1]'),
        ],
    )
    def test_yaml_and_json_are_read(self, said: str) -> None:
        assert read_answer(said.encode(), ExecConfig(command="p")).token == "good"


class TestPath:
    """Which file a bare name means: Go's exec.LookPath."""

    def test_the_first_that_can_be_run(self, tmp_path: Path) -> None:
        for name, mode in (("a", 0o644), ("b", 0o755), ("c", 0o755)):
            (tmp_path / name).mkdir()
            program(tmp_path / name / "login", "true").chmod(mode)
        (tmp_path / "d" / "login").mkdir(parents=True)
        path = ":".join(str(tmp_path / name) for name in "dabc")
        if os.geteuid() == 0:
            assert not os.access(tmp_path / "a" / "login", os.X_OK)
        assert find_program(ExecConfig(command="login"), path) == str(tmp_path / "b" / "login")

    @pytest.mark.parametrize("entry", ["", ".", "bin"])
    def test_never_one_of_the_current_directory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
    ) -> None:
        (tmp_path / "bin").mkdir()
        for file in (tmp_path / "login", tmp_path / "bin" / "login"):
            program(file, "true")
        monkeypatch.chdir(tmp_path)
        with pytest.raises(CredentialError, match="current directory"):
            find_program(ExecConfig(command="login"), f"/nonexistent:{entry}:{tmp_path}")

    def test_nowhere(self) -> None:
        with pytest.raises(CredentialError, match="was not found"):
            find_program(ExecConfig(command="login"), "")

    async def test_the_path_of_this_process_counts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        theirs = tmp_path / "theirs"
        theirs.mkdir()
        program(theirs / "login-here", f"echo '{ANSWER}'")
        config = ExecConfig(command="login-here", env=(("PATH", str(theirs)),))
        with pytest.raises(CredentialError, match="was not found"):
            await Plugin(config, time.time).current()
        monkeypatch.setenv("PATH", f"{theirs}:{os.environ['PATH']}")
        assert (await Plugin(config, time.time).current()).token == "good"

    @pytest.mark.parametrize(
        "config",
        [
            ExecConfig(command="/bin/true", args=("a\0b",)),
            ExecConfig(command="/bin/true", args=("\ud800",)),
            ExecConfig(command="/bin/\0"),
            ExecConfig(command="/bin/true", env=(("A", "\ud800"),)),
            ExecConfig(command="/bin/true", cluster_info={"config": b"x"}),
            ExecConfig(command="/bin/true", cluster_info={"config": {1: "a", None: "b", "c": {(1,): 2}}}),
        ],
        ids=["NUL in args", "surrogate in args", "NUL in command", "surrogate in env", "bytes", "odd keys"],
    )
    async def test_what_no_program_can_be_given_is_a_sentence(self, config: ExecConfig) -> None:
        with pytest.raises(CredentialError, match="what cannot be given to a program"):
            await Plugin(config, time.time).current()


async def test_a_pipe_as_token_file_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgetui.cluster.kubeconfig.yaml_file.PATIENCE", 0.3)
    os.mkfifo(tmp_path / "token")
    assert stat.S_ISFIFO((tmp_path / "token").stat().st_mode)
    target = ClusterTarget(
        name="p", context="p", server="https://h", auth=AuthSettings(token_file=tmp_path / "token")
    )
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    beating = asyncio.create_task(beat())
    with pytest.raises(CredentialError, match="could not be read within"):
        await Credentials(target).headers()
    beating.cancel()
    assert beats > 3
