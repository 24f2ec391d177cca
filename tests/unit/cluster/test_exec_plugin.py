"""Credential plugins to the second and to the word: when they run, what they are given, what comes of each ending."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from edgetui.cluster.auth import subprocess
from edgetui.cluster.auth.exec_plugin import Issued, Plugin, exec_info, find_program, shared
from edgetui.cluster.auth.shared_run import REST
from edgetui.cluster.auth.subprocess import Finished, TimeIsUp, TooMuchOutput
from edgetui.cluster.errors import CredentialError
from edgetui.cluster.http.tls import KeyPair
from edgetui.cluster.target import ExecConfig
from tests.unit.cluster.test_plugin import START, V1, Clock, answer, stamp

CONFIG = ExecConfig(command="/opt/bin/kube-login")


class Told:
    """Takes the place of the programs: what was run, and what comes of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ends: Finished | BaseException = Finished(0, answer(token="t").encode(), "")
        self.runs: list[tuple[list[str], dict[str, str], float]] = []
        monkeypatch.setattr(subprocess, "run", self._run)

    async def _run(self, argv: Sequence[str], env: Mapping[str, str], time_limit: float) -> Finished:
        self.runs.append((list(argv), dict(env), time_limit))
        if isinstance(self.ends, BaseException):
            raise self.ends
        return self.ends

    def says(self, token: str, ends: float | None = None) -> None:
        more = {} if ends is None else {"expirationTimestamp": stamp(ends)}
        self.ends = Finished(0, answer(token=token, **more).encode(), "")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    return Told(monkeypatch)


async def refused(plugin: Plugin) -> str:
    with pytest.raises(CredentialError) as caught:
        await plugin.current()
    return str(caught.value)


@pytest.mark.parametrize(
    ("lives", "used"),
    [(3600, 3570), (600, 570), (300, 270), (299, 269.1), (100, 90), (20, 18), (10, 9)],
)
async def test_it_runs_again_thirty_seconds_or_a_tenth_before_the_end(
    told: Told, lives: float, used: float
) -> None:
    clock = Clock()
    plugin = Plugin(CONFIG, clock, clock)
    told.says("one", START + lives)
    assert plugin.issued is None
    first = await plugin.current()
    assert plugin.issued is first
    told.says("two", START + 9999)
    clock.now = START + used - 0.01
    assert await plugin.current() is first
    clock.now = START + used
    assert (await plugin.current()).token == "two"
    assert len(told.runs) == 2


async def test_what_it_gave_a_moment_ago_is_used_though_it_says_that_it_has_ended(told: Told) -> None:
    clock = Clock()
    plugin = Plugin(CONFIG, clock, clock)
    told.says("one", START - 100)
    first = await plugin.current()
    assert first.expires == START - 100
    clock.now += REST - 0.01
    assert await plugin.current() is first
    assert len(told.runs) == 1
    clock.now += 0.01
    told.says("two", START - 50)
    assert (await plugin.current()).token == "two"


async def test_one_that_fails_near_the_end_leaves_what_is_still_valid(told: Told) -> None:
    clock = Clock()
    plugin = Plugin(CONFIG, clock, clock)
    told.says("one", START + 100)
    first = await plugin.current()
    told.ends = Finished(1, b"", "")
    for now in (START + 90, START + 99.9):
        clock.now = now
        assert await plugin.current() is first
    clock.now = START + 100
    assert "failed with exit code 1" in await refused(plugin)
    assert len(told.runs) == 3, "what failed a moment ago fails again without a run"


async def test_a_token_without_an_end_is_used_until_it_is_refused(told: Told) -> None:
    clock = Clock()
    plugin = Plugin(CONFIG, clock, clock)
    first = await plugin.current()
    clock.now += 1e9
    assert await plugin.current() is first
    assert not await plugin.refresh(first)
    assert await plugin.current() is first, "the same again is no other"
    assert len(told.runs) == 2


@pytest.mark.parametrize(
    ("now", "ends", "new"),
    [
        (("one", None), ("one", None), False),
        (("one", None), ("two", None), True),
        (("one", 500.0), ("one", 900.0), False),
    ],
)
async def test_what_is_new_after_a_refusal_is_another_token(
    told: Told, now: tuple[str, float | None], ends: tuple[str, float | None], new: bool
) -> None:
    clock = Clock()
    plugin = Plugin(CONFIG, clock, clock)
    told.says(now[0], now[1] and START + now[1])
    first = await plugin.current()
    told.says(ends[0], ends[1] and START + ends[1])
    assert not await plugin.refresh(first), "it ran a moment ago"
    clock.now += REST
    assert await plugin.refresh(first) is new
    assert plugin.issued is not None
    assert (plugin.issued.token, plugin.issued.expires) == (ends[0], ends[1] and START + ends[1])
    clock.now += REST
    assert await plugin.refresh(Issued("older", None))
    assert await plugin.refresh(None)
    assert len(told.runs) == 2


async def test_a_refusal_before_anything_was_given_runs_it(told: Told) -> None:
    plugin = Plugin(CONFIG, Clock(), Clock())
    assert await plugin.refresh(None)
    assert plugin.issued == Issued("t", None)


PAIR, OTHER = KeyPair(b"c", b"k"), KeyPair(b"c", b"l")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Issued("t", PAIR, 5.0), True),
        (Issued("t", OTHER, None), False),
        (Issued("t", None, None), False),
        (Issued("u", PAIR, None), False),
    ],
)
def test_two_are_the_same_for_a_server_whenever_they_end(other: Issued, same: bool) -> None:
    assert Issued("t", PAIR).same(other) is same
    assert repr(other) == f"Issued(expires={other.expires})"


async def test_what_it_is_given(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/home/kim")
    monkeypatch.setenv("A", "ours")
    config = ExecConfig(
        command="/opt/bin/kube-login",
        args=("get", "token"),
        env=(("A", "theirs"), ("B=C", "d"), ("E", "")),
        cluster_info={"server": "https://h"},
    )
    await Plugin(config, Clock(), Clock(), 7.0).current()
    assert told.runs == [
        (
            ["/opt/bin/kube-login", "get", "token"],
            {
                "HOME": "/home/kim",
                "A": "theirs",
                "B": "C=d",
                "E": "",
                "KUBERNETES_EXEC_INFO": exec_info(config),
            },
            7.0,
        )
    ]
    await Plugin(config, Clock()).current()
    assert told.runs[1][2] == 120.0
    spec = {"cluster": {"server": "https://h"}, "interactive": False}
    assert json.loads(exec_info(config)) == {"kind": "ExecCredential", "apiVersion": V1, "spec": spec}
    assert json.loads(exec_info(CONFIG))["spec"] == {"interactive": False}


NAME = "The credential plugin kube-login"
SHELL = "Run it once in a shell to see what it waits for."
EXEC = "Correct the exec section of this user in the kubeconfig."
CANNOT = (
    f"{NAME} cannot be run: its command, args, env or cluster information hold what cannot be given to a program. "
    f"{EXEC}"
)
ENDS: list[tuple[Finished | BaseException, str]] = [
    (
        FileNotFoundError(),
        f"{NAME} was not found. Install kube-login, or correct the command of this user in the kubeconfig.",
    ),
    (
        NotADirectoryError(),
        f"{NAME} was not found. Install kube-login, or correct the command of this user in the kubeconfig.",
    ),
    (
        OSError(13, "Permission denied"),
        f"{NAME} cannot be run: Permission denied. Check that the file is executable.",
    ),
    (OSError(), f"{NAME} cannot be run: unknown error. Check that the file is executable."),
    (ValueError(), CANNOT),
    (TypeError(), CANNOT),
    (RecursionError(), CANNOT),
    (TooMuchOutput(), f"{NAME} answered more than 1 MB. Run it in a shell to see its answer."),
    (TimeIsUp(""), f"{NAME} did not answer within 30s. {SHELL}"),
    (TimeIsUp("open a browser.\n\n"), f"{NAME} did not answer within 30s: open a browser. {SHELL}"),
    (
        Finished(1, answer(token="t").encode(), ""),
        f"{NAME} failed with exit code 1. Run kube-login in a shell, sign in if it asks, and try again.",
    ),
    (
        Finished(-9, b"", "first\nlast..\n \n"),
        f"{NAME} failed with signal 9: last. Run kube-login in a shell, sign in if it asks, and try again.",
    ),
    (
        Finished(2, b"", f"key {'k' * 40} of {'k' * 39}"),
        f"{NAME} failed with exit code 2: key … of {'k' * 39}. "
        "Run kube-login in a shell, sign in if it asks, and try again.",
    ),
]


@pytest.mark.parametrize(("ends", "said"), ENDS, ids=range(len(ENDS)))
async def test_each_ending_has_its_sentence(told: Told, ends: Finished | BaseException, said: str) -> None:
    told.ends = ends
    assert await refused(Plugin(CONFIG, Clock(), Clock(), 30.0)) == said


async def test_one_that_must_ask_is_told_where_it_can(told: Told) -> None:
    config = ExecConfig(command="/opt/bin/kube-login", interactive_mode="Always")
    assert await refused(Plugin(config, Clock(), Clock())) == (
        f"{NAME} wants to ask on the terminal, which the screen is using. Run it once in a shell before starting "
        "edgetui, or set interactiveMode: IfAvailable for kube-login."
    )
    assert told.runs == []
    for mode in ("Never", "IfAvailable"):
        assert await Plugin(ExecConfig(command="/x", interactive_mode=mode), Clock(), Clock()).current()


async def test_what_the_kubeconfig_says_about_installing_it_is_the_next_step(told: Told) -> None:
    told.ends = FileNotFoundError()
    config = ExecConfig(command="/opt/bin/kube-login", install_hint="Ask\nkim.")
    assert await refused(Plugin(config, Clock(), Clock())) == f"{NAME} was not found. Ask kim."


class TestPath:
    @pytest.fixture
    def places(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        for name, mode in (("a/login", 0o644), ("b/login", 0o755), ("c/login", 0o755), ("here/login", 0o755)):
            file = tmp_path / name
            file.parent.mkdir()
            file.write_text("")
            file.chmod(mode)
        (tmp_path / "d" / "login").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / "here")
        return tmp_path

    @pytest.mark.parametrize(
        ("path", "found"),
        [
            ("a:b:c", "b/login"),
            ("c:b", "c/login"),
            ("d:c", "c/login"),
            ("a", None),
            ("d", None),
            ("gone", None),
        ],
    )
    def test_the_first_that_can_be_run_is_taken(
        self, places: Path, path: str, found: str | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = ":".join(str(places / part) for part in path.split(":"))
        monkeypatch.setenv("PATH", whole)
        for given in (None, whole):
            if found is None:
                with pytest.raises(CredentialError, match="The credential plugin login was not found"):
                    find_program(ExecConfig("login"), given)
            else:
                assert find_program(ExecConfig("login"), given) == str(places / found)

    @pytest.mark.parametrize("path", ["", ":{b}", ".:{b}", "../b:{b}", "../here"])
    def test_what_stands_in_the_current_directory_is_refused(self, places: Path, path: str) -> None:
        with pytest.raises(CredentialError) as caught:
            find_program(ExecConfig("login"), path.format(b=places / "b"))
        assert str(caught.value) == (
            "The credential plugin login is only found in the current directory, through an empty or relative entry "
            "of PATH. Write its whole path in the kubeconfig, or take that entry out of PATH."
        )

    def test_what_comes_before_a_relative_entry_is_taken_and_a_path_is_taken_as_it_is(
        self, places: Path
    ) -> None:
        assert find_program(ExecConfig("login"), f"{places / 'c'}:.") == str(places / "c" / "login")
        assert find_program(ExecConfig("./login"), "") == "./login"
        assert find_program(ExecConfig("/gone/login"), "") == "/gone/login"

    def test_without_a_path_nothing_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PATH")
        with pytest.raises(CredentialError, match="was not found"):
            find_program(ExecConfig("login"))


async def test_one_plugin_is_shared_by_all_who_name_it_alike() -> None:
    clock, other = Clock(), Clock()
    first = shared(CONFIG, clock, clock)
    assert first.users == 1
    assert shared(ExecConfig(command="/opt/bin/kube-login"), clock, clock) is first
    assert first.users == 2
    for another in (
        shared(ExecConfig(command="/opt/bin/kube-login", args=("x",)), clock, clock),
        shared(CONFIG, other, clock),
        shared(CONFIG, clock, other),
    ):
        assert another is not first and another.users == 1
    odd = ExecConfig(command="x", cluster_info={"config": {1, 2}})
    assert shared(odd, clock, clock) is not shared(odd, clock, clock)
    assert first.users == 2


async def test_it_is_ended_when_its_last_user_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def run(*_: object) -> Finished:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    monkeypatch.setattr(subprocess, "run", run)
    plugin = Plugin(CONFIG, Clock(), Clock())
    plugin.users = 2
    waiting = asyncio.create_task(plugin.current())
    await began.wait()
    await plugin.close()
    assert not ended.is_set()
    await plugin.close()
    assert ended.is_set()
    with pytest.raises(CredentialError) as caught:
        await waiting
    assert str(caught.value) == (
        "The sign-in that was under way is no longer needed. edgetui tries again with the new one."
    )
    await plugin.close()


@pytest.mark.parametrize(("length", "shown"), [(60, "n" * 60), (61, f"{'n' * 59}…")])
async def test_a_long_name_is_cut(told: Told, length: int, shown: str) -> None:
    told.ends = Finished(1, b"", "")
    said = await refused(Plugin(ExecConfig(command=f"/opt/{'n' * length}"), Clock(), Clock()))
    assert said.startswith(f"The credential plugin {shown} failed with exit code 1. Run {shown} in a shell")
