"""What `edgetui doctor` prints of every cluster, as text and as JSON, and what a ticket says of an installation."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui import arguments
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.target import AuthSettings, ClusterTarget, ExecConfig
from edgetui.doctor import about
from edgetui.doctor import command as printing
from edgetui.doctor.examine import Examination, Stopped
from edgetui.doctor.step import ORDER, State, Step

PLANT = ClusterTarget(name="plant", context="plant", context_file=Path("/srv/kim/plant.yaml"))
DEPOT = ClusterTarget(name="depot", context="depot")
FINE = [Step("file", text="context plant", seconds=0.0126)]
NOTICED = [Step("TLS", State.NOTICE, "ends soon", "Renew it.", 1.5)]
WRONG = [Step("TCP", State.WRONG, "refused", "Start it.", 1234.5)]


class Doctor:
    """The command with clusters whose examination ends as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *found: tuple[ClusterTarget, list[Step]]) -> None:
        self._found = {target.name: steps for target, steps in found}
        self.asked: list[tuple[str, float, float]] = []
        self.at_once, self.most = 0, 0
        self._now = [10.0, 12.5]
        targets = [target for target, _ in found]
        monkeypatch.setattr(arguments.Parser, "defaults", None)
        monkeypatch.setattr(arguments, "targets", lambda options: targets)
        monkeypatch.setattr(printing, "examine", self._examine)
        monkeypatch.setattr(printing, "time", SimpleNamespace(monotonic=lambda: self._now.pop(0)))

    async def _examine(self, target: ClusterTarget, timeout: float, loaded: float) -> list[Step]:
        self.asked.append((target.name, timeout, loaded))
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        for _ in range(3):
            await asyncio.sleep(0)
        self.at_once -= 1
        return self._found[target.name]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (FINE, FINE, 0),
        (FINE, NOTICED, 3),
        (NOTICED, FINE, 3),
        (NOTICED, WRONG, 2),
        (WRONG, NOTICED, 2),
        (WRONG, FINE, 2),
    ],
)
def test_the_exit_code_is_that_of_the_worst_cluster(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    first: list[Step],
    second: list[Step],
    code: int,
) -> None:
    doctor = Doctor(monkeypatch, (PLANT, first), (DEPOT, second))
    assert printing.command(["--timeout", "5"]) == code
    assert doctor.asked == [("plant", 5.0, 2.5), ("depot", 5.0, 2.5)]
    assert capsys.readouterr().err == ""


def test_text_is_a_heading_and_a_line_for_each_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    doctor = Doctor(monkeypatch, (PLANT, [*FINE, *NOTICED]), (DEPOT, WRONG))
    assert printing.command([]) == 2
    assert doctor.asked[0] == ("plant", 10.0, 2.5)
    said = capsys.readouterr().out.split("\n")
    not_reached = [f"  -     {name:<15}         not reached" for name in ORDER]
    plant, depot = not_reached.copy(), not_reached.copy()
    plant[0] = "  ok    file             13 ms  context plant"
    plant[6:7] = ["  look  TLS            1,500 ms  ends soon", f"{'':32}Renew it."]
    depot[4:5] = ["  wrong TCP            1,234,500 ms  refused", f"{'':32}Start it."]
    assert said == ["plant  /srv/kim/plant.yaml", *plant, "", "depot", *depot, "", ""]


@pytest.mark.parametrize(("width", "fits"), [(20, 24), (55, 24), (56, 24), (57, 25), (100, 68)])
def test_lines_are_broken_where_the_width_ends_and_never_below_twenty_four_cells(
    width: int, fits: int
) -> None:
    words = " ".join(["a"] * 40)
    step = Step("TCP", State.WRONG, words, words, 0.001)
    printed = printing.lines([step], width)
    assert max(len(line[32:]) for line in printed) in (fits, fits - 1)
    assert all(line[:32] == " " * 32 for line in printed[1:])
    assert printing.lines([Step("TCP", State.SKIPPED, "", seconds=3.0)], width) == ["  -     TCP"]


@pytest.mark.parametrize(("tty", "widest"), [(True, 60), (False, 100)])
def test_a_terminal_is_not_overflown_and_a_pipe_has_a_hundred_cells(
    monkeypatch: pytest.MonkeyPatch, tty: bool, widest: int
) -> None:
    said: list[str] = []
    Doctor(monkeypatch, (DEPOT, [Step("TCP", State.WRONG, " ".join(["a"] * 90))]))
    out = SimpleNamespace(write=said.append, isatty=lambda: tty)
    monkeypatch.setattr(printing, "sys", SimpleNamespace(stdout=out))
    monkeypatch.setenv("COLUMNS", "60")
    printing.command([])
    lines = "".join(said).split("\n")
    assert max(map(len, lines)) in (widest, widest - 1)


def test_json_is_one_document(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Doctor(monkeypatch, (PLANT, [*FINE, *NOTICED]), (DEPOT, WRONG))
    assert printing.command(["--json"]) == 2
    out = capsys.readouterr().out
    assert out.startswith('{\n "schema"')
    document = json.loads(out)
    clusters = document.pop("clusters")
    assert document == {"schema": 1, "exit": 2}
    told = {"text": "not reached", "next_step": "", "ms": 0.0, "state": "skipped"}

    def whole(*steps: dict[str, Any]) -> list[dict[str, Any]]:
        own = {one["name"]: one for one in steps}
        return [own.get(name, {"name": name, **told}) for name in ORDER]

    assert clusters == [
        {
            "name": "plant",
            "file": "/srv/kim/plant.yaml",
            "exit": 3,
            "steps": whole(
                {"name": "file", "state": "ok", "text": "context plant", "next_step": "", "ms": 12.6},
                {
                    "name": "TLS",
                    "state": "notice",
                    "text": "ends soon",
                    "next_step": "Renew it.",
                    "ms": 1500.0,
                },
            ),
        },
        {
            "name": "depot",
            "file": "",
            "exit": 2,
            "steps": whole(
                {
                    "name": "TCP",
                    "state": "wrong",
                    "text": "refused",
                    "next_step": "Start it.",
                    "ms": 1234500.0,
                }
            ),
        },
    ]


def test_eight_clusters_are_examined_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    doctor = Doctor(monkeypatch, *((replace(DEPOT, name=f"site-{at}"), FINE) for at in range(20)))
    monkeypatch.setattr(printing, "sys", SimpleNamespace(stdout=SimpleNamespace(write=len, isatty=bool)))
    printing.command([])
    assert (len(doctor.asked), doctor.most) == (20, 8)


@pytest.mark.parametrize(
    ("says", "step"),
    [
        (("", ""), "Check the way to the identity provider."),
        (("x", "Open the page that it names."), "Open the page that it names."),
    ],
)
async def test_a_plugin_that_does_not_end_in_time_is_told_with_what_it_waits_for(
    monkeypatch: pytest.MonkeyPatch, says: tuple[str, str], step: str
) -> None:
    async def never(self: Credentials) -> None:
        raise TimeoutError

    monkeypatch.setattr(Credentials, "headers", never)
    monkeypatch.setattr(Credentials, "waiting_for", says)
    monkeypatch.setattr(Credentials, "notice", "a notice")
    target = replace(DEPOT, auth=AuthSettings(exec=ExecConfig(command="/usr/bin/kubelogin")))
    examination = Examination(target, 5.0, lambda: 0.0)
    with pytest.raises(Stopped):
        await examination._plugin()
    (found,) = examination.steps
    assert (found.name, found.state) == ("plugin", State.WRONG)
    assert (found.text, found.next_step) == ("kubelogin did not end within 5 s.", step)
    await examination.close()


# -- a ticket


def test_every_line_of_a_ticket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = {
        "TERM": "xterm",
        "LANG": "C",
        "NO_COLOR": "1",
        "HTTPS_PROXY": "http://kim:secret@proxy",
        "NO_PROXY": "",
    }
    monkeypatch.setattr("os.environ", kept)
    for name in ("state", "cache", "config"):
        monkeypatch.setattr(
            f"platformdirs.user_{name}_dir", lambda *_, name=name, **more: str(tmp_path / name)
        )
    (tmp_path / "cache").mkdir()
    monkeypatch.setattr(about, "searched", lambda home, root: [tmp_path / "cache", tmp_path / "none"])
    monkeypatch.setattr(about, "_PARTS", ("textual", "no-such-part"))
    monkeypatch.setattr("importlib.metadata.version", _version)
    paths = SimpleNamespace(cafile=None, capath=None)
    monkeypatch.setattr("ssl.get_default_verify_paths", lambda: paths)
    monkeypatch.setattr(about, "system_bundle", lambda: None)
    told = list(about.lines())
    assert [line.partition(" ")[0] for line in told[:2]] == ["Python", about.platform.system()]  # type: ignore[attr-defined]
    assert told[2] == "parts: textual 1.2.3, no-such-part not installed"
    assert told[3].startswith("installed in /")
    assert told[4:] == [
        "authorities of the system: none found",
        "terminal profile local: mono colours, ASCII",
        "settings: TERM=xterm, LANG=C, NO_COLOR=1, HTTPS_PROXY is set, NO_PROXY is set",
        "link profile: chosen for each cluster from what is measured, unless --api-traffic says which; c shows it",
        f"kubeconfigs are looked for in {tmp_path}/cache, {tmp_path}/none (not there)",
        f"writes its record to {tmp_path}/state (not there)",
        f"keeps rows in {tmp_path}/cache",
        f"reads keys and themes from {tmp_path}/config (not there)",
    ]
    kept.clear()
    paths.capath = "/etc/certs"
    told = list(about.lines())
    assert (told[4], told[6]) == ("authorities of the system: /etc/certs", "settings: none")
    monkeypatch.setattr(about, "system_bundle", lambda: "/etc/bundle.pem")
    assert list(about.lines())[4] == "authorities of the system: /etc/bundle.pem"
    paths.cafile = "/etc/ca.pem"
    kept["LANG"] = "C.UTF-8"
    told = list(about.lines())
    assert told[4:6] == [
        "authorities of the system: /etc/ca.pem",
        "terminal profile local: 16 colours, UTF-8",
    ]


def _version(name: str) -> str:
    if name == "no-such-part":
        raise about.metadata.PackageNotFoundError(name)  # type: ignore[attr-defined]
    return "1.2.3"


def test_a_place_that_cannot_be_looked_at_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path) -> bool:
        raise PermissionError(13, "no")

    monkeypatch.setattr(Path, "exists", refused)
    assert about._presence(Path("/x")) == "/x (not readable)"
