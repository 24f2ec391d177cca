"""How far a kubeconfig may go: depth and size to their bound, pipes to their end, tokens where they are."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig import yaml_file
from edgetui.cluster.kubeconfig.write import rewrite_user_token
from edgetui.cluster.kubeconfig.yaml_file import MAX_DEPTH, parse, read_bounded
from tests.unit.cluster.kubeconfigs import config, load, put, sentence, several


@pytest.mark.parametrize("kind", ["lists", "mappings", "mixed"])
def test_nesting_is_taken_to_its_bound_and_no_deeper(kind: str) -> None:
    def nested(levels: int) -> bytes:
        opening = {"lists": "[", "mappings": "{a: ", "mixed": "[{a: "}[kind]
        closing = {"lists": "]", "mappings": "}", "mixed": "}]"}[kind]
        times = levels // 2 if kind == "mixed" else levels
        return (opening * times + "1" + closing * times).encode()

    assert parse(nested(MAX_DEPTH), "f")
    with pytest.raises(KubeconfigError, match=f"nested more than {MAX_DEPTH} levels"):
        parse(nested(MAX_DEPTH + 2), "f")


def test_one_level_too_many_is_refused() -> None:
    with pytest.raises(KubeconfigError, match="nested more than"):
        parse(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "f")


def test_what_was_opened_and_closed_counts_no_more() -> None:
    assert parse(b"[" + b"[[]]," * MAX_DEPTH + b"]", "f")


@pytest.mark.parametrize("most", [10, 4096])
def test_a_file_is_read_to_its_bound(tmp_path: Path, most: int) -> None:
    file = tmp_path / "config"
    file.write_bytes(b"x" * most)
    assert len(read_bounded(file, most)) == most
    file.write_bytes(b"x" * (most + 1))
    with pytest.raises(KubeconfigError, match="is larger than"):
        read_bounded(file, most)


@pytest.mark.parametrize(
    ("most", "words"), [(2048, "2 KB"), (3 * 1024 * 1024, "3 MB"), (1024 * 1024, "1 MB")]
)
def test_the_bound_is_said_in_the_unit_it_has(tmp_path: Path, most: int, words: str) -> None:
    file = tmp_path / "config"
    file.write_bytes(b"x" * (most + 1))
    with pytest.raises(KubeconfigError, match=f"is larger than {words}"):
        read_bounded(file, most)


def piped(*pieces: bytes, ended: bool = True) -> bytes:
    """What is read of a pipe whose writer has written all that before."""
    reading, writing = os.pipe()
    try:
        os.set_blocking(reading, False)
        for piece in pieces:
            os.write(writing, piece)
        if ended:
            os.close(writing)
        return yaml_file._read_pipe(reading, 1000)
    finally:
        os.close(reading)
        if not ended:
            os.close(writing)


def test_a_pipe_that_was_written_and_closed_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_file.time, "monotonic", lambda: 0.0)  # no time to wait passes
    assert piped(b"kind: ", b"Config") == b"kind: Config"


def test_a_pipe_is_read_no_further_than_the_bound() -> None:
    assert piped(b"x" * 1500, ended=False) == b"x" * 1000


def test_a_writer_that_came_and_wrote_nothing_leaves_an_empty_file(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    select = yaml_file.select.select

    def closed_meanwhile(*waiting: object) -> object:
        os.close(writing)
        monkeypatch.setattr(yaml_file.select, "select", select)
        return select(*waiting)  # type: ignore[arg-type]

    monkeypatch.setattr(yaml_file.select, "select", closed_meanwhile)
    try:
        assert yaml_file._read_pipe(reading, 1000) == b""
    finally:
        os.close(reading)


@pytest.mark.parametrize(("ended", "patience"), [(True, "PATIENCE"), (False, "WRITER_PATIENCE")])
def test_who_writes_nothing_is_not_waited_for_without_end(
    ended: bool, patience: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_file, patience, 0.05)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        piped(ended=ended)
    assert time.monotonic() - began >= 0.05


@pytest.mark.parametrize("empty", ['""', "null", "~", ""])
def test_a_token_file_without_a_name_is_none(tmp_path: Path, empty: str) -> None:
    text = f"users: [{{name: u, user: {{tokenFile: {empty}, token: old}}}}]\n"
    file = put(tmp_path / "config", text)
    rewrite_user_token(file, "u", "new", now=1_760_000_000.0)
    assert file.read_text() == text.replace("old", "new")


@pytest.mark.parametrize("odd", ["7", "[a]", "{a: b}", "true"])
def test_a_token_file_that_is_no_text_leaves_the_token_in_the_kubeconfig(tmp_path: Path, odd: str) -> None:
    text = f"users: [{{name: u, user: {{tokenFile: {odd}, token: old}}}}]\n"
    file = put(tmp_path / "config", text)
    rewrite_user_token(file, "u", "new", now=1_760_000_000.0)
    assert file.read_text() == text.replace("old", "new")


class TestContexts:
    def test_those_that_are_there_are_no_error(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", several("van", "plant"))
        assert [one.name for one in load(file, contexts=["van", "plant"])] == ["van", "plant"]

    def test_one_that_is_not_there_is_named_beside_those_that_are(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", several("van", "plant"))
        good, bad = load(file, contexts=["van", "plamt"])
        assert (good.name, bad.name, good.error) == ("van", "plamt", None)
        assert f"No context plamt in {file}." in sentence(bad)
        assert "plant" in sentence(bad)

    def test_over_several_files_their_number_is_said(self, tmp_path: Path) -> None:
        files = [put(tmp_path / name, several(name)) for name in ("a", "b")]
        assert "No context c in 2 kubeconfig files." in sentence(load(*files, contexts=["c"])[-1])

    def test_where_no_file_could_be_read_only_that_is_said(self, tmp_path: Path) -> None:
        (bad,) = load(put(tmp_path / "config", "[\n"), contexts=["van"])
        assert "is not valid YAML" in sentence(bad)
        assert "No context" not in sentence(bad)


def test_a_config_without_contexts_chosen_gives_its_own(tmp_path: Path) -> None:
    assert [one.name for one in load(put(tmp_path / "config", config("plant")))] == ["plant"]
