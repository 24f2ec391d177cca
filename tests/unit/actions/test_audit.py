"""The audit record: durable, private, chained, shared, and free of secrets."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from edgetui.actions.gate import audit
from edgetui.actions.gate.audit import GENESIS, AuditLog, Verification, who, without_tokens
from edgetui.actions.messages import Refusal

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJl-_x"


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_record_carries_the_hash_of_the_one_before(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "state" / "audit.jsonl")
    for number in range(3):
        log.append({"event": "intent", "number": number})
    first, second, third = lines(log.path)
    assert first["prev"] == GENESIS
    assert second["prev"] == first["hash"]
    assert third["prev"] == second["hash"]
    found = log.verify()
    assert (found.records, found.torn, found.broken) == (3, (), ())


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        log = AuditLog(tmp_path / "state" / "audit.jsonl")
        log.append({"event": "intent"})
    finally:
        os.umask(old)
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.path.parent.stat().st_mode) == 0o700


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.touch(0o644)
    AuditLog(path).append({"event": "intent"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("old", "new"), [('"number":1', '"number":7'), ('"event":"result"', '"event":"intent"')]
)
def test_an_altered_record_shows(tmp_path: Path, old: str, new: str) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    for number in range(3):
        log.append({"event": "result", "number": number})
    text = log.path.read_text().splitlines()
    text[1] = text[1].replace(old, new)
    log.path.write_text("\n".join(text) + "\n")
    assert log.verify().broken == (2,)


def test_a_record_that_was_taken_out_shows(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    for number in range(3):
        log.append({"number": number})
    text = log.path.read_text().splitlines()
    log.path.write_text("\n".join([text[0], text[2]]) + "\n")
    assert log.verify().broken == (2,)


def test_a_line_torn_by_a_power_cut_is_kept_and_stepped_over(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.append({"number": 0})
    with log.path.open("ab") as file:
        file.write(b'{"number":1,"prev":"')
    log.append({"number": 2})
    found = log.verify()
    assert (found.records, found.torn, found.broken) == (2, (2,), ())


def test_the_last_record_is_found_behind_a_long_torn_line(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.append({"number": 0})
    with log.path.open("ab") as file:
        file.write(b"x" * 300_000)
    log.append({"number": 1})
    assert log.verify().broken == ()


def test_several_processes_write_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    program = (
        "import sys; from pathlib import Path; from edgetui.actions.gate.audit import AuditLog\n"
        "log = AuditLog(Path(sys.argv[1]))\n"
        "for number in range(25): log.append({'from': sys.argv[2], 'number': number})\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(path), str(number)]) for number in range(3)
    ]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    found = AuditLog(path).verify()
    assert (found.records, found.torn, found.broken) == (75, (), ())


def test_a_full_disk_refuses_the_record_and_leaves_no_torn_line(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.append({"number": 0})
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.path.stat().st_size + 20, limit[1]))
    try:
        with pytest.raises(Refusal, match=r"cannot be written \("):
            log.append({"number": 1})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    assert log.verify().records == 1
    assert log.verify().torn == ()


def test_a_directory_that_cannot_be_made_refuses_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file is in the way")
    with pytest.raises(Refusal) as refused:
        AuditLog(tmp_path / "state" / "audit.jsonl").append({"event": "intent"})
    assert "cannot be written" in refused.value.sentence
    assert refused.value.next_step


def test_no_record_yet_is_no_broken_record(tmp_path: Path) -> None:
    assert AuditLog(tmp_path / "audit.jsonl").verify().records == 0


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refusal):
        AuditLog(tmp_path / "audit.jsonl").append({"event": "intent"})
    assert not (tmp_path / "elsewhere").exists()


def test_no_token_reaches_the_file(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.append({"message": f"refused: {JWT}!", "data": {"list": [JWT], JWT: 1}})
    assert "eyJ" not in log.path.read_text()
    assert lines(log.path)[0]["message"] == "refused: [token]!"


def test_other_values_stay_as_they_are() -> None:
    value = {"a": [1, 2.5, None, True, "eye.jet.x"], "b": {"c": "d"}}
    assert without_tokens(value) == value


def test_who_names_the_person_before_sudo_and_the_ssh_client() -> None:
    found = who({"SUDO_USER": "kim", "SSH_CONNECTION": "192.0.2.7 50022 192.0.2.1 22"})
    assert found["sudo_user"] == "kim"
    assert found["ssh_client"] == "192.0.2.7"
    assert found["uid"] == str(os.getuid())
    assert set(who({})) == {"user", "uid"}


def test_only_the_end_of_a_long_record_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    for number in range(50):
        log.append({"number": number, "time": audit.stamp(1000 + number)})
    assert [one["number"] for one in log.recent()] == list(range(50))
    assert [one["number"] for one in log.recent(since=1045)] == [45, 46, 47, 48, 49]
    monkeypatch.setattr(audit, "_RECENT", log.path.stat().st_size // 2)
    found = [one["number"] for one in log.recent()]
    assert found == list(range(found[0], 50))
    assert 20 <= found[0] <= 30


def test_who_is_known_by_a_number_where_no_name_is(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr("getpass.getuser", lambda: "from the environment")
    uid = str(os.getuid())
    assert who({}) == {"user": uid, "uid": uid}
    for name in ("USER", "LOGNAME"):
        assert who({name: "kim"}) == {"user": "from the environment", "uid": uid}
    sudo = {"SUDO_USER": "kim", "SSH_CONNECTION": "192.0.2.7 1 192.0.2.1 22", "USER": ""}
    assert who(sudo) == {"user": uid, "uid": uid, "sudo_user": "kim", "ssh_client": "192.0.2.7"}


def test_a_moment_has_milliseconds_and_its_zone() -> None:
    assert audit.stamp(0.0) == "1970-01-01T00:00:00.000+00:00"
    assert audit.stamp(1_700_000_000.1239) == "2023-11-14T22:13:20.123+00:00"


@pytest.mark.parametrize(
    ("value", "without"),
    [
        (JWT, "[token]"),
        (f"Bearer {JWT} and {JWT}", "Bearer [token] and [token]"),
        ({JWT: [JWT, (JWT, 1)], 3: None}, {"[token]": ["[token]", ["[token]", 1]], "3": None}),
        (1.5, 1.5),
        (True, True),
        (None, None),
        ("not.a.token", "not.a.token"),
    ],
)
def test_tokens_are_taken_out_wherever_they_are(value: object, without: object) -> None:
    assert without_tokens(value) == without


def test_where_the_record_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert audit.default_path() == tmp_path / "edgetui" / "audit.jsonl"


BROKEN = {
    "altered": ('"number":1', '"number":7', (2,), (), 3),
    "without its hash": ('"number":1,', '"number":1,"hush":0,', (2,), (), 3),
    "torn": ('{"hash"', 'X{"hash"', (), (1, 2, 3), 0),
}


@pytest.mark.parametrize(("old", "new", "broken", "torn", "records"), BROKEN.values(), ids=BROKEN)
def test_what_reading_it_back_finds(
    old: str, new: str, broken: tuple[int, ...], torn: tuple[int, ...], records: int, tmp_path: Path
) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    for number in range(3):
        log.append({"number": number})
    log.path.write_text(log.path.read_text().replace(old, new))
    assert log.verify() == Verification(records, torn, broken)
    whole = [one["number"] for one in log.recent()]
    assert whole == [number for number in range(3) if number + 1 not in (*broken, *torn)]


def test_a_chain_goes_on_behind_what_was_altered(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.append({"number": 0})
    log.path.write_text(log.path.read_text().replace('"number":0', '"number":5'))
    log.append({"number": 1})
    log.append({"number": 2})
    assert log.verify() == Verification(3, (), (1,))


def test_what_is_read_of_it_has_its_sign_and_is_new_enough(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    for number in range(4):
        log.append({"uid": f"uid-{number % 2}", "time": audit.stamp(1000.0 + number), "number": number})
    log.append({"uid": "uid-0", "number": 9})

    def numbers(*args: object) -> list[int]:
        return [one["number"] for one in log.recent(*args)]  # type: ignore[arg-type]

    assert numbers() == [0, 1, 2, 3, 9]
    assert numbers("uid-0") == [0, 2, 9]
    assert numbers("", 1001.0) == [1, 2, 3]
    assert numbers("uid-0", 1001.0) == [2]
    assert numbers("", 1003.5) == []
    assert [one["number"] for one in log.about("uid-1")] == [1, 3]
    assert log.about("") == [] == log.about("uid")
    assert all("hash" not in one for one in log.recent())
    assert list(AuditLog(tmp_path / "none").recent()) == []


@pytest.mark.parametrize("make", ["directory", "pipe"])
def test_what_is_no_file_of_this_user_is_refused_with_what_to_do(make: str, tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "state" / "audit.jsonl")
    log.append({"number": 0})
    log.path.unlink()
    log.path.mkdir() if make == "directory" else os.mkfifo(log.path)
    with pytest.raises(Refusal) as refused:
        log.append({"number": 1})
    said = str(refused.value)
    assert said.startswith(f"The audit record {log.path} cannot be written (")
    steps = {
        "pipe": f"Run: chmod 700 {log.path.parent}; or set XDG_STATE_HOME to a directory that is yours alone.",
        "directory": "Free some space or make that directory writable, then try again.",
    }
    assert refused.value.next_step == steps[make]


def test_a_record_that_cannot_be_read_is_refused_with_what_to_do(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.path.mkdir()
    for sign in ("", "uid-1"):
        with pytest.raises(Refusal) as refused:
            assert not (log.about(sign) if sign else list(log.recent()))
        assert refused.value.sentence.startswith(f"The audit record {log.path} cannot be read (")
        assert refused.value.next_step == "Check whose it is: it has to belong to the user that runs edgetui."


def test_a_write_that_comes_in_parts_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, write = AuditLog(tmp_path / "audit.jsonl"), os.write
    monkeypatch.setattr("os.write", lambda fd, data: write(fd, data[:7]))
    log.append({"number": 0})
    log.append({"number": 1})
    monkeypatch.undo()
    assert log.verify() == Verification(2, (), ())


def test_records_are_written_the_same_whatever_their_order(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.append({"b": "ü", "a": {"d": 1, "c": 2}})
    line = log.path.read_bytes()
    assert line.startswith(b'{"a":{"c":2,"d":1},"b":"\\u00fc","hash":"') and line.endswith(b'"}\n')
    assert b'"prev":"' + GENESIS.encode() + b'"' in line
