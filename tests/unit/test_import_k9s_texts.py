"""`edgetui import-k9s`: how each word and line is written, and where in a file that is there already."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from edgetui import cli
from tests.unit.test_import_k9s import Home, home

__all__ = ["home"]

WRITTEN = [
    ("pods", "pods"),
    ("pods -n kube-system", "pods -n kube-system"),
    ("pods /a+b.c", "pods /a+b.c"),
    ("pods -n line-2", '"pods -n line-2"'),
    ("pumps.v1.example.com", '"pumps.v1.example.com"'),
    ("events @plant", '"events @plant"'),
    ("pods app=press", '"pods app=press"'),
    ("scale 3", '"scale 3"'),
    ("nodes -é", '"nodes -é"'),
    ("nodes -x:y", '"nodes -x:y"'),
    ("nodes /#x", '"nodes /#x"'),
    ("nodes /'x'", "\"nodes /'x'\""),
    ('nodes /"x"', '"nodes /\\"x\\""'),
]
"""Lines of k9s, and what they are in YAML: as they are where that is read back as the same."""


@pytest.mark.parametrize(("line", "written"), WRITTEN)
def test_how_a_line_is_written(home: Home, line: str, written: str) -> None:
    home.give(aliases=yaml.safe_dump({"aliases": {"mine": line}}))
    code, out, err = home.run("--write")
    assert (code, err) == (0, "")
    assert home.config == f"commands:\n  mine: {written}\n"
    assert yaml.safe_load(home.config) == {"commands": {"mine": line}}
    assert f"    mine: {written}\n" in out


@pytest.mark.parametrize(
    "word", ["yes", "null", "true", "on", "7", "1e3", "-", "a:", "#a", "é", "mine", "my-own"]
)
def test_a_word_is_read_back_as_the_text_that_it_is(home: Home, word: str) -> None:
    home.give(aliases=yaml.safe_dump({"aliases": {word: "pods"}}))
    assert home.run("--write")[0] == 0
    assert yaml.safe_load(home.config) == {"commands": {word: "pods"}}
    plain = word in ("mine", "my-own")
    assert (f"  {word}: pods\n" in home.config) is plain


BEFORE_AND_AFTER = [
    ("", "commands:\n  mine: pods\n"),
    ("# nothing yet\n", "# nothing yet\ncommands:\n  mine: pods\n"),
    ("theme: mono", "theme: mono\ncommands:\n  mine: pods\n"),
    ("theme: mono\n\n", "theme: mono\n\ncommands:\n  mine: pods\n"),
    ("commands:\n  a: nodes\n", "commands:\n  a: nodes\n  mine: pods\n"),
    ("commands:\n  a: nodes", "commands:\n  a: nodes\n  mine: pods\n"),
    ("commands:\n     a: nodes\ntheme: mono\n", "commands:\n     a: nodes\n     mine: pods\ntheme: mono\n"),
    (
        "commands:\n  a: nodes # b\n\n# c\ntheme: mono\n",
        "commands:\n  a: nodes # b\n  mine: pods\n\n# c\ntheme: mono\n",
    ),
    (
        "commands:\n  a: |-\n    nodes\ntheme: mono\n",
        "commands:\n  a: |-\n    nodes\n  mine: pods\ntheme: mono\n",
    ),
    ('commands:\n  "a": "nodes"\ntheme: mono\n', 'commands:\n  "a": "nodes"\n  mine: pods\ntheme: mono\n'),
]


@pytest.mark.parametrize(("before", "after"), BEFORE_AND_AFTER)
def test_where_a_word_is_added(home: Home, before: str, after: str) -> None:
    home.give(aliases="aliases: {mine: pods}")
    home.own.mkdir()
    (home.own / "config.yaml").write_text(before)
    code, out, err = home.run("--write")
    assert (code, err) == (0, "")
    assert home.config == after
    assert out.endswith("Added 1 commands and 0 keys.\n")


@pytest.mark.parametrize("before", ["commands: {}\n", "commands: {a: nodes}\n", "{commands: {a: nodes}}\n"])
def test_where_no_line_can_be_added_nothing_is(home: Home, before: str) -> None:
    home.give(aliases="aliases: {mine: pods}")
    home.own.mkdir()
    (home.own / "config.yaml").write_text(before)
    code, _, err = home.run("--write")
    assert code == 2
    assert "config.yaml, commands: lines cannot be added to it as it is written." in err
    assert "Write one entry on each line." in err
    assert home.config == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '":pods": "f7"\n'),
        ("zoom: f6", 'zoom: f6\n":pods": "f7"\n'),
        ("zoom: f6\n# end\n", 'zoom: f6\n":pods": "f7"\n# end\n'),
        ('":pods": f9\n', '":pods": f9\n'),
    ],
)
def test_where_a_key_is_added(home: Home, before: str, after: str) -> None:
    home.give(hotkeys="hotKeys: {a: {shortCut: f7, command: pods}}")
    home.own.mkdir()
    (home.own / "keys.yaml").write_text(before)
    code, out, err = home.run("--write")
    assert (code, err) == (0, "")
    assert home.keys == after
    assert out.endswith("Nothing is to be added.\n" if before == after else "Added 0 commands and 1 keys.\n")


def test_nothing_is_written_to_the_file_that_nothing_is_added_to(home: Home) -> None:
    home.give(aliases="aliases: {mine: pods}")
    code, out, _ = home.run("--write")
    assert code == 0
    assert [one.name for one in home.own.iterdir()] == ["config.yaml"]
    assert (
        out == f"{home.own / 'config.yaml'}:\n  commands:\n    mine: pods\n\nAdded 1 commands and 0 keys.\n"
    )


def test_without_anything_that_maps_it_is_said_what_does_not(home: Home) -> None:
    home.give(aliases="aliases: {logs: pods}")
    for words in ((), ("--write",)):
        code, out, err = home.run(*words)
        assert (code, err) == (0, "")
        assert out == (
            "Does not map:\n  aliases.yaml: logs: :logs is a command of edgetui already.\n\nNothing is to be added.\n"
        )
    assert not home.own.exists()


@pytest.mark.parametrize("text", ["", "null\n", "{}\n"])
def test_an_empty_file_of_k9s_is_one_without_entries(home: Home, text: str) -> None:
    home.give(aliases=text)
    assert home.run() == (0, "Nothing is to be added.\n", "")


def test_what_is_found_is_told_with_its_problems_first(home: Home) -> None:
    home.give(aliases="aliases: {logs: pods}", hotkeys="hotKeys: [")
    _, out, _ = home.run()
    told = [line for line in out.splitlines() if line.startswith("  ")]
    assert [line.split(":")[0].strip() for line in told] == ["hotkeys.yaml", "aliases.yaml"]


def test_the_directory_beside_that_of_edgetui_is_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("K9S_CONFIG_DIR", "")
    assert cli.main(["import-k9s"]) == 2
    assert str(tmp_path / "k9s") in capsys.readouterr().err
