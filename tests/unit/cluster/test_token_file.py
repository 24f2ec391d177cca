"""A token in a file that something else keeps up to date: when it is read again, what is taken, what stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.cluster.auth.token_file import PERIOD, TokenFile
from edgetui.cluster.errors import CredentialError

LARGEST = 256 * 1024


class Reading:
    """A token file on a clock of its own."""

    def __init__(self, path: Path, fallback: str = "") -> None:
        self.path, self.now = path / "token", 1000.0
        self.file = TokenFile(self.path, fallback, lambda: self.now)

    def put(self, content: bytes | str) -> str:
        """Write the file and read it; the token in force, or why there is none."""
        self.path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.file.read()
        try:
            return self.file.current()
        except CredentialError as error:
            return error.sentence


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    return Reading(tmp_path)


@pytest.mark.parametrize(
    ("content", "token"),
    [
        ("abc", "abc"),
        (" abc\r\n\n", "abc"),
        ("x" * LARGEST, "x" * LARGEST),
        ("x" * (LARGEST + 1), "is larger than 256 KB"),
        ("", "is empty"),
        (" \n", "is empty"),
        ("a b", "does not hold a token"),
        ("a\nb", "does not hold a token"),
        ("tökén", "does not hold a token"),
        (b"\xff\xfe", "does not hold a token"),
    ],
    ids=["plain", "blanks", "largest", "too large", "empty", "blank", "two", "lines", "letters", "bytes"],
)
def test_what_a_file_gives(reading: Reading, content: bytes | str, token: str) -> None:
    assert token in reading.put(content)


def test_a_file_that_goes_bad_leaves_the_last_good_token(reading: Reading) -> None:
    assert reading.put("good") == "good"
    assert reading.put("") == "good"
    reading.path.unlink()
    reading.file.read()
    assert reading.file.current() == "good"


def test_a_file_that_is_not_there_is_said_with_the_next_step(reading: Reading) -> None:
    with pytest.raises(CredentialError, match="was not read yet"):
        reading.file.current()
    reading.file.read()
    with pytest.raises(CredentialError, match="cannot be used") as raised:
        reading.file.current()
    assert "tokenFile" in raised.value.next_step


def test_it_is_due_at_once_and_then_after_its_period_and_sooner_where_it_failed(reading: Reading) -> None:
    assert reading.file.due
    reading.put("one")
    assert not reading.file.due
    reading.now += PERIOD - 0.1
    assert not reading.file.due
    reading.now += 0.1
    assert reading.file.due
    reading.put("")
    assert reading.file.due


def test_the_token_of_the_kubeconfig_counts_until_the_file_was_read(tmp_path: Path) -> None:
    reading = Reading(tmp_path, "inline")
    assert reading.file.current() == "inline"
    assert reading.put("from-the-file") == "from-the-file"


def test_a_token_that_was_set_stays_until_another_one_is_in_the_file(reading: Reading) -> None:
    reading.put("one")
    reading.file.override("ours")
    assert reading.put("one") == "ours"
    assert reading.put("two") == "two"
