"""Copies with the real tar and shell of this machine in the place of a container, and with links that are cut.

The runner below stands for a kubelet: it runs the command, and does not tell it that its input is over, which servers
before 1.30 cannot.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import shutil
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from edgetui.actions.files import far_side
from edgetui.actions.files.copying import CutOff, Receiving, Result, Sending, Task, copy
from edgetui.actions.files.meter import Pace, Progress
from edgetui.actions.files.place import copy_of
from edgetui.actions.messages import Refusal
from edgetui.cluster.api.remote_command import Channel, Command, Ended
from edgetui.cluster.errors import LinkError
from edgetui.cluster.target import ClusterTarget

from .test_unpack import tree

pytestmark = pytest.mark.skipif(shutil.which("tar") is None, reason="no tar here")
LOST = LinkError("The connection to plant was lost.")


class Kubelet:
    """Runs commands in a directory. Each is cut off after so many bytes of output, or input, as `cuts` has next."""

    def __init__(self, folder: Path, cuts: Sequence[int] = (), path: str = "") -> None:
        self.folder = folder
        self.cuts = list(cuts)
        self.commands: list[Command] = []
        self._env = {**os.environ, "PATH": path or os.environ["PATH"], "LC_ALL": "C"}
        self.between: Callable[[], None] = lambda: None

    async def run(self, command: Command, ends: Receiving | Sending) -> Ended:
        self.commands.append(command)
        room = self.cuts.pop(0) if self.cuts else 1 << 60
        try:
            process = await asyncio.create_subprocess_exec(
                *command.argv,
                cwd=self.folder,
                env=self._env,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError:
            return Ended(1, f'exec: "{command.argv[0]}": executable file not found in $PATH')
        work = [
            asyncio.ensure_future(one)
            for one in (
                self._out(process.stdout, Channel.STDOUT, ends, room),
                self._out(process.stderr, Channel.STDERR, ends, 1 << 60),
            )
        ]
        feeding = asyncio.ensure_future(self._in(process, ends, room)) if command.stdin else None
        try:
            running = {*work, *([feeding] if feeding else [])}
            while not all(one.done() for one in work):  # what is typed after the end goes nowhere
                done, running = await asyncio.wait(running, return_when="FIRST_COMPLETED")
                for one in done:
                    one.result()
            return Ended(await process.wait())
        except LinkError:
            if isinstance(ends, Sending) and process.stdin is not None:
                process.stdin.close()  # as a kubelet does when its client is gone
                await process.wait()
            self.between()
            raise
        finally:
            for one in (*work, *([feeding] if feeding else [])):
                one.cancel()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.wait([*work, *([feeding] if feeding else [])])
            for pipe in (process.stdout, process.stderr):
                assert pipe is not None
                await pipe.read()  # a pipe that is full never tells asyncio of its end
            await process.wait()

    async def _out(
        self, pipe: asyncio.StreamReader | None, channel: Channel, ends: Receiving | Sending, room: int
    ) -> None:
        assert pipe is not None
        while data := await pipe.read(4096):
            await ends.write(channel, data[:room])
            room -= len(data)
            if room <= 0:
                raise LOST

    async def _in(self, process: asyncio.subprocess.Process, ends: Receiving | Sending, room: int) -> None:
        assert process.stdin is not None
        async for data in ends.input():
            try:
                process.stdin.write(data[:room])
                await process.stdin.drain()
            except (BrokenPipeError, ConnectionResetError):
                return
            room -= len(data)
            if room <= 0:
                raise LOST


class Bench:
    """A directory of the container beside one of this machine."""

    def __init__(self, path: Path) -> None:
        self.there, self.here = path / "there", path / "here"
        self.there.mkdir()
        self.here.mkdir()
        self.said: list[str] = []
        self.told: list[tuple[int, int | None]] = []

    async def copy(
        self,
        source: str,
        target: str,
        kubelet: Kubelet | None = None,
        *,
        retries: int = 0,
        preserve: bool = True,
    ) -> Result:
        wanted = copy_of(source.replace("HERE", str(self.here)), target.replace("HERE", str(self.here)))

        async def wait(tries: int) -> None:
            assert tries

        def tell(done: int, total: int | None) -> None:
            self.told.append((done, total))

        task = Task(wanted, TARGET, "line-2", "app", preserve, Pace(None, lambda: 0.0), tell)
        async with asyncio.timeout(30):
            return await copy(task, (kubelet or Kubelet(self.there)).run, retries, self.said.append, wait)


TARGET = ClusterTarget(
    name="plant", context="plant", file=Path("/k/plant.yaml"), context_file=Path("/k/plant.yaml")
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def fill(folder: Path) -> Path:
    """A directory with what may be in one."""
    (folder / "empty").mkdir(parents=True)
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a b 'c' \"d\" $e").write_text("one")
    (folder / ".hidden").write_text("two")
    (folder / "..odd").write_text("three")
    (folder / "none").write_text("")
    (folder / "-dash").write_text("four")
    (folder / "deep" / "er" / "größe").write_text("x" * 50_000)
    (folder / "link").symlink_to("none")
    (folder / "run").write_text("run")
    (folder / "run").chmod(0o755)
    return folder


async def test_a_directory_comes_as_it_is(bench: Bench) -> None:
    fill(bench.there / "logs")
    for source, target in (
        ("pod:logs", "HERE/a"),
        ("pod:logs/", "HERE/b"),
        (f"pod:{bench.there}/logs", "HERE/c"),
    ):
        result = await bench.copy(source, target)
        assert (result.well, result.tally.files, result.tally.links) == (True, 7, 1)
        assert tree(bench.here / target[-1]) == tree(bench.there / "logs")
    assert (bench.here / "a" / "run").stat().st_mode & 0o111


@pytest.mark.parametrize(
    ("target", "there"), [("new", "new"), ("old", "old/logs"), ("old/", "old/logs"), ("old/name", "old/name")]
)
async def test_a_directory_goes_as_it_is(bench: Bench, target: str, there: str) -> None:
    fill(bench.here / "logs")
    (bench.there / "old").mkdir()
    for at in (target, f"{bench.there}/{target}"):
        result = await bench.copy("HERE/logs", f"pod:{at}")
        assert (result.well, result.tally.files) == (True, 7)
        assert tree(bench.there / there) == tree(bench.here / "logs")
        shutil.rmtree(bench.there / there)
    assert not list(bench.there.rglob(".edgetui*"))


async def test_a_directory_goes_into_one_that_is_there(bench: Bench) -> None:
    fill(bench.here / "logs")
    (bench.there / "old" / "logs" / "deep").mkdir(parents=True)
    (bench.there / "old").chmod(0o1777)
    (bench.there / "old" / "logs").chmod(0o2770)
    (bench.there / "old" / "logs" / "kept").write_text("kept")
    (bench.there / "old" / "logs" / "none").write_text("is replaced")
    await bench.copy("HERE/logs", "pod:old")
    assert tree(bench.there / "old" / "logs") == tree(bench.here / "logs") | {"kept": "kept"}
    assert (bench.there / "old").stat().st_mode & 0o7777 == 0o1777
    assert (bench.there / "old" / "logs").stat().st_mode & 0o7777 == 0o2770


async def test_the_content_of_a_directory_goes_by_a_dot(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fill(bench.here / "logs"))
    (bench.there / "old").mkdir()
    await bench.copy(".", "pod:old")
    assert tree(bench.there / "old") == tree(bench.here / "logs")


@pytest.mark.parametrize(
    "name", ["plain", "a b", "größe", "-dash", "$(touch evil)", "'; touch evil; '", "a\nb"]
)
async def test_no_name_is_part_of_a_command(bench: Bench, name: str) -> None:
    (bench.here / name).write_text("x")
    await bench.copy(f"HERE/{name}", f"pod:{name}")
    assert tree(bench.there) == {name: "x"}
    result = await bench.copy(f"pod:{name}", "HERE/back")
    assert (result.well, (bench.here / "back").read_text()) == (True, "x")


async def test_a_file_takes_the_place_of_a_file_and_of_no_directory(bench: Bench) -> None:
    (bench.here / "new").write_text("new")
    (bench.there / "file").write_text("old")
    (bench.there / "folder" / "new").mkdir(parents=True)
    await bench.copy("HERE/new", "pod:file")
    assert (bench.there / "file").read_text() == "new"
    with pytest.raises(Refusal, match=re.escape("folder/new is a directory")):
        await bench.copy("HERE/new", "pod:folder")
    (bench.here / "logs").mkdir()
    (bench.here / "logs" / "a").write_text("x")
    with pytest.raises(Refusal, match="file is not a directory"):
        await bench.copy("HERE/logs", "pod:file")
    with pytest.raises(Refusal, match="none: Cannot open: No such file"):
        await bench.copy("HERE/new", "pod:none/file")
    assert tree(bench.there) == {"file": "new", "folder": "/", "folder/new": "/"}


async def test_what_is_not_there_is_a_sentence(bench: Bench) -> None:
    with pytest.raises(Refusal, match="container app of pod p: tar: none: Cannot stat: No such file"):
        await bench.copy("p:none", "HERE/x")
    assert tree(bench.here) == {}


async def test_what_tar_could_not_read_counts(bench: Bench) -> None:
    (bench.there / "logs").mkdir()
    (bench.there / "logs" / "a").write_text("x")
    (bench.there / "tar").write_text(
        '#!/bin/sh\n/bin/tar "$@"; echo "tar: b: Permission denied" >&2; exit 2\n'
    )
    (bench.there / "tar").chmod(0o755)
    kubelet = Kubelet(bench.there, path=f"{bench.there}:{os.environ['PATH']}")
    result = await bench.copy("p:logs", "HERE/logs", kubelet)
    assert (result.well, result.code, result.said) == (False, 2, ("tar: b: Permission denied",))
    assert tree(bench.here) == {"logs": "/", "logs/a": "x"}


@pytest.mark.parametrize("shell", [True, False])
async def test_a_container_without_tar_is_a_sentence(bench: Bench, tmp_path: Path, shell: bool) -> None:
    (bench.here / "a").write_text("x")
    (tmp_path / "bin").mkdir()
    if shell:
        (tmp_path / "bin" / "sh").symlink_to(shutil.which("sh") or "")
    kubelet = Kubelet(bench.there, path=str(tmp_path / "bin"))
    with pytest.raises(
        Refusal,
        match=r"Container app of pod p has no tar: .*edgetui exec pod/p -c app --kubeconfig /k/plant.yaml "
        r"--context plant -n line-2 -- cat a > /",
    ):
        await bench.copy("p:a", "HERE/b", kubelet)
    with pytest.raises(
        Refusal,
        match=r"Container app of pod p has no tar, or no sh: .*beside it has one: edgetui debug pod/p --target app "
        r"--kubeconfig /k/plant.yaml --context plant -n line-2",
    ):
        await bench.copy("HERE/a", "p:b", kubelet)
    assert tree(bench.there) == {}


async def test_what_a_runtime_says_on_the_output_is_no_archive(bench: Bench) -> None:
    async def run(command: Command, ends: Receiving | Sending) -> Ended:
        said = b'OCI runtime exec failed: exec failed: exec: "tar": executable file not found in $PATH: unknown\r\n'
        await ends.write(Channel.STDOUT, said * 8)
        return Ended(126)

    kubelet = Kubelet(bench.there)
    kubelet.run = run  # type: ignore[method-assign]
    with pytest.raises(Refusal, match="has no tar"):
        await bench.copy("p:a", "HERE/b", kubelet)


SIZES = [1, 511, 512, 513, 10_000, 50_000, 120_000]


@pytest.mark.parametrize("cut", SIZES)
async def test_a_cut_leaves_no_half_file_here(bench: Bench, cut: int) -> None:
    (bench.there / "large").write_bytes(os.urandom(130_000))
    (bench.here / "large").write_text("old")
    with pytest.raises((CutOff, LinkError)) as lost:
        await bench.copy("p:large", "HERE/large", Kubelet(bench.there, [cut]))
    assert lost.value.sentence == LOST.sentence
    assert tree(bench.here) == {"large": "old"}


@pytest.mark.parametrize("cut", SIZES)
async def test_a_cut_leaves_no_half_file_there(bench: Bench, cut: int) -> None:
    (bench.here / "large").write_bytes(os.urandom(130_000))
    (bench.there / "large").write_text("old")
    with pytest.raises(CutOff, match="Under its name nothing has changed there"):
        await bench.copy("HERE/large", "p:large", Kubelet(bench.there, [cut]))
    assert tree(bench.there) == {"large": "old"}


async def test_after_cuts_it_goes_on_where_it_was(bench: Bench) -> None:
    logs = bench.there / "logs"
    logs.mkdir()
    for at in range(6):
        (logs / f"{'n' * 30 * at}{at}").write_bytes(os.urandom(30_000 + at))
    expected = {one.name: one.read_bytes() for one in logs.iterdir()}
    kubelet = Kubelet(bench.there, [1, 511, 1025, 20_000, 40_000, 60_000, 31_000, 12_345, 700])
    result = await bench.copy("p:logs", "HERE/logs", kubelet, retries=-1)
    assert result.well
    assert {one.name: one.read_bytes() for one in (bench.here / "logs").iterdir()} == expected
    assert "Going on at 0B, retry 1." in bench.said[0]
    assert len(bench.said) == len(kubelet.commands) - 1 == 9
    assert kubelet.commands[-1].argv[0] == "sh"


async def test_what_changed_meanwhile_is_copied_anew(bench: Bench) -> None:
    file = bench.there / "large"
    file.write_bytes(b"1" * 100_000)
    os.utime(file, (1, 1))
    kubelet = Kubelet(bench.there, [50_000])
    kubelet.between = lambda: (file.write_bytes(b"2" * 100_000), None)[1]
    result = await bench.copy("p:large", "HERE/large", kubelet, retries=3)
    assert (bench.here / "large").read_bytes() == b"2" * 100_000
    assert result.well
    assert "starting over" in bench.said[1]


async def test_the_exit_code_of_tar_survives_a_cut(bench: Bench) -> None:
    (bench.there / "logs").mkdir()
    (bench.there / "logs" / "a").write_bytes(os.urandom(50_000))
    (bench.there / "tar").write_text(
        '#!/bin/sh\n/bin/tar "$@"; echo "tar: b: Permission denied" >&2; exit 2\n'
    )
    (bench.there / "tar").chmod(0o755)
    kubelet = Kubelet(bench.there, [20_000], path=f"{bench.there}:{os.environ['PATH']}")
    result = await bench.copy("p:logs", "HERE/logs", kubelet, retries=1)
    assert (result.code, result.said) == (2, ("tar: b: Permission denied",))


async def test_sending_starts_over_and_ends_well(bench: Bench) -> None:
    fill(bench.here / "logs")
    kubelet = Kubelet(bench.there, [20_000, 1])
    result = await bench.copy("HERE/logs", "p:logs", kubelet, retries=2)
    assert result.well
    assert tree(bench.there / "logs") == tree(bench.here / "logs")
    assert not list(bench.there.rglob(".edgetui*"))


async def test_retries_end(bench: Bench) -> None:
    (bench.there / "large").write_bytes(os.urandom(130_000))
    with pytest.raises(CutOff):
        await bench.copy("p:large", "HERE/large", Kubelet(bench.there, [9000] * 3), retries=2)
    assert bench.said[-1].endswith("retry 2 of 2.")
    assert tree(bench.here) == {}


async def test_how_much_is_told(bench: Bench) -> None:
    (bench.there / "large").write_bytes(os.urandom(130_000))
    await bench.copy("p:large", "HERE/large")
    assert bench.told[-1] == (130_000, 130_000)
    await bench.copy("HERE/large", "p:again")
    assert bench.told[-1] == (130_000, 130_000)


async def test_a_pace_is_kept_and_lost_time_is_not_made_up_for() -> None:
    now, slept = [0.0], [0.0]

    async def sleep(seconds: float) -> None:
        now[0] += seconds
        slept[0] += seconds

    pace = Pace(1000.0, lambda: now[0], sleep)
    for _ in range(10):
        await pace.spend(500)
    assert now[0] == pytest.approx(5.0)
    now[0] += 60
    for _ in range(4):
        await pace.spend(500)
    assert slept[0] == pytest.approx(7.0)


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_line_says_how_far_how_fast_and_how_long() -> None:
    now = [0.0]
    out = Screen()
    progress = Progress(out, "/var/log\x1b[2J", lambda: now[0], quiet=False)
    for second in range(20):
        now[0] = float(second)
        progress.tell(second * 1024 * 1024, 100 * 1024 * 1024)
    assert "19MiB of 100MiB · 1.0 MiB/s · 1m21s left · /var/log [2J" in out.getvalue()
    progress.end()
    assert out.getvalue().endswith("\r\x1b[K")


def test_the_line_leaves_the_last_column_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that is written to its last column may begin another line."""
    monkeypatch.setenv("COLUMNS", "30")
    out = Screen()
    Progress(out, "/a/very/long/path/of/a/file", lambda: 1.0, quiet=False).tell(1024, 2048)
    assert len(out.getvalue().removeprefix("\r").removesuffix("\x1b[K")) == 29


def test_without_a_terminal_or_in_quiet_there_is_no_line() -> None:
    plain, quiet = io.StringIO(), Screen()
    for out, silent in ((plain, False), (quiet, True)):
        progress = Progress(out, "x", lambda: 1.0, quiet=silent)
        progress.tell(1, 2)
        progress.end()
        assert out.getvalue() == ""


def test_the_name_of_a_source_is_its_last_part() -> None:
    assert [far_side.base(path) for path in ("a/b", "a/b/", ".", "..", "/", "./")] == [
        "b",
        "b",
        ".",
        ".",
        ".",
        ".",
    ]


async def test_the_far_side_stays_until_all_of_it_has_come(bench: Bench) -> None:
    """A command that ends takes along what is still on its way (`far_side.py`)."""
    fill(bench.there / "logs")
    came: list[int] = []

    class Slow(Kubelet):
        async def _in(
            self, process: asyncio.subprocess.Process, ends: Receiving | Sending, room: int
        ) -> None:
            assert isinstance(ends, Receiving) and process.stdin is not None
            async for data in ends.input():
                came.append(ends.moved)
                assert (process.returncode, data) == (None, b"\n")
                process.stdin.write(data)

    for cuts in ([], [30_000]):
        kubelet = Slow(bench.there, cuts)
        result = await bench.copy("p:logs", "HERE/logs", kubelet, retries=1)
        assert (result.well, result.tally.files) == (True, 7)
        shutil.rmtree(bench.here / "logs")
    assert len(came) == 2 and min(came) > 50_000


async def test_a_container_with_a_tar_and_no_shell_is_copied_from(bench: Bench, tmp_path: Path) -> None:
    (bench.there / "a").write_text("x")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tar").symlink_to(shutil.which("tar") or "")
    kubelet = Kubelet(bench.there, path=str(tmp_path / "bin"))
    result = await bench.copy("p:a", "HERE/a", kubelet)
    assert (result.well, (bench.here / "a").read_text()) == (True, "x")
    assert [one.argv[0] for one in kubelet.commands] == ["sh", "tar"]
    assert [one.stdin for one in kubelet.commands] == [True, False]
