"""`edgetui audit` line for line, as text and as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.actions import cli
from edgetui.actions.cli import audit
from edgetui.actions.cli.audit import lines_of
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.handover import Act

DONE = Act(
    run="r1",
    time=1_700_000_000.0,
    who="kim",
    cluster="plant",
    action="scale",
    kind="Deployment",
    namespace="line-2",
    name="press",
    words="scale press",
    change="replicas 3 -> 5",
    outcome="reached",
    message="5 of 5 ready.",
    undoable=True,
)
FIRST = "2023-11-14 22:13:20 UTC  kim  plant: scale press in line-2"
FAILED = replace(DONE, outcome="failed", undoable=False)


@pytest.mark.parametrize(
    ("act", "lines"),
    [
        (DONE, [FIRST, "    reached; replicas 3 -> 5; undo takes it back"]),
        (replace(DONE, undoable=False), [FIRST, "    reached; replicas 3 -> 5"]),
        (replace(DONE, change="", undoable=False), [FIRST, "    reached"]),
        (replace(DONE, namespace="", change=""), [FIRST[:-10], "    reached; undo takes it back"]),
        (FAILED, [FIRST, "    failed; replicas 3 -> 5", "    5 of 5 ready."]),
        (replace(FAILED, message=""), [FIRST, "    failed; replicas 3 -> 5"]),
        (
            replace(FAILED, outcome="unknown"),
            [FIRST, "    may have arrived, nobody could see; replicas 3 -> 5", "    5 of 5 ready."],
        ),
    ],
)
def test_one_act_is_two_lines_and_why_where_it_went_wrong(act: Act, lines: list[str]) -> None:
    assert lines_of(act) == lines


def test_all_acts_are_printed_with_the_record_that_they_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    since: list[float] = []

    def recent(self: Any, since: float, kept: list[float] = since) -> list[Any]:
        kept.append(since)
        return []

    acts = [DONE, replace(FAILED, words="roll\x1b[31m back")]
    monkeypatch.setattr(AuditLog, "recent", recent)
    monkeypatch.setattr(audit, "acts", lambda records: acts)
    assert cli.main(["audit", "--since", "1h"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        *lines_of(DONE),
        FIRST.replace("scale press", "roll [31m back"),
        *lines_of(FAILED)[1:],
    ]
    assert err == ""
    file = tmp_path / "record"
    assert cli.main(["audit", "--json", "--file", str(file)]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (set(found), found["record"], err) == ({"record", "actions"}, str(file), "")
    assert [one["time"] for one in found["actions"]] == ["2023-11-14T22:13:20+00:00"] * 2
    assert found["actions"][0] | {"time": DONE.time} == {
        name: getattr(DONE, name) for name in Act.__struct_fields__
    }
    assert 86_400 - 3600 - 60 < since[0] - since[1] < 86_400 - 3600 + 60
    acts.clear()
    assert cli.main(["audit"]) == 0
    assert capsys.readouterr() == ("", "edgetui did nothing from this machine in that time.\n")
    assert cli.main(["audit", "--json"]) == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(r'\{"record": ".*", "actions": \[\]\}\n', out) and err == ""
