"""The text of an object in an editor: it reads back as the object, and what is wrong with it has a line."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.actions.objects.edit_text import (
    NotRead,
    body_of,
    decoded,
    editable,
    is_empty,
    read_back,
    with_header,
    without_header,
)
from edgetui.model.text import clean
from tests.unit.model.test_manifest import TEXT, VALUES

Json = dict[str, Any]
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def settings(**data: Any) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "settings",
            "namespace": "line-2",
            "uid": "u-1",
            "resourceVersion": "7",
            "managedFields": [{"manager": "kubectl"}],
        },
        "data": data,
        "status": {"seen": 1},
    }


@given(st.dictionaries(TEXT, VALUES | FLOATS | st.integers(), max_size=4))
def test_what_is_not_touched_reads_back_as_it_was(data: Json) -> None:
    there = settings(**{f"k{key}": value for key, value in data.items()})
    assert read_back(with_header(body_of(there), "about"), there) == editable(there)


@pytest.mark.parametrize(
    "value",
    [
        "tabs\tin it\n\tand before\n",
        "a script:\n#!/bin/sh\n  # indented\nend",
        "C:\\dir\r\nwith CRLF\r\n",
        "ключ: значение ☃ 😀\nnext\n",
        "\ttab first\nthen\n",
        " blank first\nthen\n",
        "ends in blanks  \n\n\n",
        "bell \x07 and nul \x00",
        "nel \x85 ls \u2028 bom \ufeff",
        "on",
        "1e3",
        "0o17",
        "1_000",
        "2026-11-29",
        "80:30",
        "<<",
        "=",
        "%YAML 1.1",
        "---",
    ],
)
def test_texts_that_editors_and_yaml_take_otherwise(value: str) -> None:
    there = settings(key=value)
    text = body_of(there)
    assert "managedFields" not in text
    assert "status" not in text
    assert read_back(text, there)["data"]["key"] == value
    # An editor that ends its lines as Windows does changes nothing.
    assert read_back(decoded(text.replace("\n", "\r\n").encode()), there)["data"]["key"] == value
    assert read_back(decoded(b"\xef\xbb\xbf" + text.encode()), there)["data"]["key"] == value


def test_scripts_keep_their_lines_and_tabs() -> None:
    assert "    nginx {\n    \tlisten 80;\n    }\n" in body_of(settings(conf="nginx {\n\tlisten 80;\n}\n"))


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1e3", 1000.0),
        ("1e-07", 1e-07),
        ("0644", 420),
        ("yes", True),
        ("80:30", "80:30"),
        ("2026-11-29", "2026-11-29"),
        ("~", None),
        ("{a: 1}", {"a": 1}),
        ("&x [1, *y]", None),
    ],
)
def test_words_without_quotes_are_what_kubectl_takes_them_for(typed: str, value: Any) -> None:
    there = settings()
    text = body_of(there) + f"more: {typed}\n"
    if "*y" in typed:
        with pytest.raises(NotRead):
            read_back(text, there)
    else:
        assert read_back(text, there).get("more") == value


WRONG: dict[str, tuple[str, str, int, str]] = {
    # what: (this, becomes that, line of the text, words)
    "an open bracket": ("key: one", "key: [one", 9, "did not find expected ',' or ']' for what begins here"),
    "a tab before a key": ("  key: one", "\tkey: one", 9, "tab"),
    "a colon too many": ("key: one", "key: one: two", 9, "mapping values are not allowed"),
    "a key without a colon": ("metadata:", "metadata", 3, "could not find expected ':' for what begins here"),
    "a key twice": ("  key: one", "  key: one\n  key: two", 10, "a second time; the first is on line 9"),
    "another name": ("name: settings", "name: other", 4, "metadata.name cannot be changed"),
    "another kind": (
        "kind: ConfigMap",
        "kind: Secret",
        2,
        "kind cannot be changed by an edit: it is ConfigMap",
    ),
    "no kind": ("kind: ConfigMap\n", "", 1, "kind cannot be changed"),
    "another namespace": ("namespace: line-2", "namespace: x", 5, "metadata.namespace cannot be changed"),
    "another version": ('resourceVersion: "7"', 'resourceVersion: "8"', 7, "metadata.resourceVersion"),
    "status": ("\ndata:", "\nstatus: {}\ndata:", 8, "status cannot be edited"),
    "managedFields": (
        "\ndata:",
        "\n  managedFields: []\ndata:",
        8,
        "metadata.managedFields cannot be edited",
    ),
    "a second document": ("\ndata:", "\n---\ndata:", 9, "a second document"),
    "a tag": ("key: one", "key: !!binary aGk=", 9, "the tag"),
    "no number of JSON": ("key: one", "key: .inf", 9, "no number that JSON has"),
    "a character of control": ("key: one", "key: \x01", 9, "a character"),
    "a list": ("metadata:", "metadata: []\nmore:", 3, "metadata is missing"),
    "a list as a key": ("key: one", "[a]: one", 9, "a key is one word"),
    "a kind on the next line": ("kind: ConfigMap", "kind:\n  Secret", 2, "kind cannot be changed"),
    "a merge of a word": ("key: one", "<<: one", 9, "for merging, but found scalar (column 7)."),
    "a number of letters": ("key: one", "key: !!int abc", 9, "Line 9: abc is no value."),
    "a number without an end": ("key: one", "key: 1e400", 9, "1e400 is no number that JSON has."),
    "no such alias": ("key: one", "key: *one", 9, "found undefined alias (column 8)."),
    "a tab before a list": (
        "  key: one",
        "  key:\n\t- one",
        10,
        "Line 10: it begins with a tab, and YAML takes only blanks there (column 1).",
    ),
    "a tab that is not at fault": (
        "key: one",
        "key: \t@one",
        9,
        "found character that cannot start any token",
    ),
    "a tab in a text with another fault": (
        "key: one",
        'key: "one\n\t\\q"',
        10,
        "found unknown escape character (column 2).",
    ),
    "a word": ("  key: one", "  key: one\n word", 10, "did not find expected key (column 2)."),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_has_its_line(what: str) -> None:
    this, that, line, words = WRONG[what]
    there = settings(key="one")
    text = body_of(there)
    assert this in text
    with pytest.raises(NotRead) as problem:
        read_back(text.replace(this, that, 1), there)
    assert words in problem.value.sentence
    assert problem.value.line == line, problem.value.sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no object in the text."),
        ("# only this\n", "There is no object in the text."),
        ("# x\n- a\n", "Line 2: this is no object: it has no fields."),
        ("word", "Line 1: this is no object: it has no fields."),
        ("\x01", "Line 1: a character stands there that YAML does not take."),
        ("\n\n\x01", "Line 3: a character stands there that YAML does not take."),
        ("a: " + "[" * 300 + "]" * 300, "The text is not read: it is nested more than 256 levels deep."),
        ("a: \ud800", "The text is no YAML."),
        ("a: {}\nmetadata: x\n", "Line 2: metadata is missing or has no fields."),
        ("a: {}\n", "Line 1: metadata is missing or has no fields."),
    ],
)
def test_a_text_that_is_no_object_at_all(text: str, sentence: str) -> None:
    with pytest.raises(NotRead) as problem:
        read_back(text, settings())
    assert problem.value.sentence == sentence
    assert problem.value.line == (int(sentence.split()[1].rstrip(":")) if sentence.startswith("Line") else 0)


def test_merges_are_followed_and_may_stand_there_twice() -> None:
    there = settings(one={"a": 1, "b": 2}, two={"c": 3})
    text = body_of(settings()).rstrip("\n")
    text += "\ndata:\n  one: &one {a: 1, b: 2}\n  two: &two {c: 3}\n  all:\n    <<: *one\n    <<: *two\n    b: 4\n"
    text = text.replace("data: {}\n", "", 1)
    assert read_back(text, there)["data"]["all"] == {"a": 1, "b": 4, "c": 3}


def test_what_the_server_sets_may_be_left_out() -> None:
    there = settings(key="one")
    text = body_of(there).replace("  uid: u-1\n", "").replace('  resourceVersion: "7"\n', "")
    assert read_back(text, there) == editable(there)


def test_a_header_is_taken_off_and_comments_below_it_stay() -> None:
    there = settings(key="one")
    body = body_of(there) + "# a note of mine\n"
    text = with_header(body, "configmap settings", ["Line 3: a reason", "+ key: two"])
    assert text.startswith("# configmap settings\n# Lines that begin with # are ignored.")
    assert "#\n# Line 3: a reason\n# + key: two\n#\napiVersion" in text
    assert without_header(text) == body
    assert read_back(text, there) == editable(there)


@pytest.mark.parametrize("text", ["", "\n \n", "# only\n# comments", "---\n# x\n"])
def test_an_empty_file_is_one(text: str) -> None:
    assert is_empty(text)
    assert not is_empty(f"{text}\na: b\n")


def test_no_text_at_all_and_no_utf_8() -> None:
    with pytest.raises(NotRead, match="Line 2: it is not UTF-8"):
        decoded(b"a: b\nc: \xff\n")
    with pytest.raises(NotRead, match="no object in the text"):
        read_back("", settings())
    with pytest.raises(NotRead, match=r"^Line 2: it is not UTF-8\.$"):
        decoded(b"\n\xff")
    most = b"x" * (8 * 1024 * 1024)
    assert len(decoded(most)) == len(most)
    with pytest.raises(NotRead, match=r"^The text has more than 8 MiB, which is no object"):
        decoded(most + b"x")


def test_aliases_that_unfold_to_too_much_are_refused() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for now, before in zip("bcdefgh", "abcdefg", strict=True):
        bomb += f"{now}: &{now} [" + ", ".join([f"*{before}"] * 10) + "]\n"
    with pytest.raises(NotRead, match="unfold"):
        read_back(body_of(settings()) + bomb, settings())


def test_nothing_of_the_object_is_changed() -> None:
    there = settings(key="one")
    before = copy.deepcopy(there)
    read_back(body_of(there), there)
    assert there == before


UNKNOWN_TAG = f"could not determine a constructor for the tag '!{'a' * 300}'"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (f"!!int {'a' * 99}", f"Line 9: {clean('a' * 99, 40)} is no value."),
        (f"!{'a' * 300} b", f"Line 9: {clean(UNKNOWN_TAG, 200)} (column 8)."),
        (f"1{'0' * 400}.0", f"Line 9: {clean('1' + '0' * 400 + '.0', 40)} is no number that JSON has."),
        (
            f"{{{'b' * 99}: 1, {'b' * 99}: 2}}",
            f"Line 9: “{clean('b' * 99, 80)}” stands there a second time; the first is on line 9.",
        ),
        (f"*{'c' * 300}", f"Line 9: {clean('found undefined alias', 200)} (column 8)."),
    ],
)
def test_what_is_long_is_cut_where_it_is_told(typed: str, sentence: str) -> None:
    there = settings(key="one")
    with pytest.raises(NotRead) as problem:
        read_back(body_of(there).replace("key: one", f"key: {typed}"), there)
    assert problem.value.sentence == sentence


def test_the_whole_text_that_an_editor_gets() -> None:
    body = "a: 1\n"
    ignored = (
        "# Lines that begin with # are ignored. An empty file, or one that was not\n"
        "# changed, changes nothing.\n"
    )
    assert with_header(body, "pod x") == f"# pod x\n{ignored}#\n{body}"
    assert with_header(body, "pod x", ("Why.", "")) == f"# pod x\n{ignored}#\n# Why.\n#\n#\n{body}"


def test_what_an_object_has_not_cannot_be_given_to_it_by_an_edit() -> None:
    there = settings(key="one")
    del there["metadata"]["namespace"]
    text = body_of(there).replace("  name: settings", "  name: settings\n  namespace: line-2")
    with pytest.raises(NotRead) as problem:
        read_back(text, there)
    assert problem.value.sentence == ("Line 5: metadata.namespace cannot be changed by an edit: it has none.")
    text = body_of(there).replace("  name: settings", "  name: settings\n  deletionTimestamp: x")
    with pytest.raises(
        NotRead, match=r"metadata\.deletionTimestamp cannot be changed by an edit: it has none"
    ):
        read_back(text, there)
