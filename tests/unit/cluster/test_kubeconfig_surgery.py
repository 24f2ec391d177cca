"""Replacing a token in any way that YAML can be written: all other bytes stay."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetui.cluster.kubeconfig.yaml_edit import Untouchable, replace_for_user
from edgetui.cluster.kubeconfig.yaml_file import parse

OLD = "OLD-" + "x" * 30
NEW = "eyJhbGciOi.eyJpc3MiOi-_.c2ln"


def replaced(text: str, token: str = NEW) -> str:
    return replace_for_user(text.encode(), "ops", {("token",): token}, "f").decode()


def token_of(text: str) -> Any:
    users = parse(text.encode(), "f")["users"]
    return next(u for u in users if u["name"] == "ops")["user"]["token"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("token: OLD", "token: NEW"),
        ("token: OLD   # comment", "token: NEW   # comment"),
        ("token: 'OLD'", "token: 'NEW'"),
        ('token:   "OLD"', 'token:   "NEW"'),
        ('"token": OLD', '"token": NEW'),
        ("token:\n      OLD", "token:\n      NEW"),
        ("token:\n      # here it comes\n      OLD", "token:\n      # here it comes\n      NEW"),
        ("? token\n    : OLD", "? token\n    : NEW"),
        ("token: |\n      OLD\n    as: x", "token: |\n      NEW\n    as: x"),
        (
            "token: >-  # folded\n        OLD\n    # after\n    as: x",
            "token: >-  # folded\n        NEW\n    # after\n    as: x",
        ),
        ("token: >-\n      OLD\n      more\n    as: x", "token: >-\n      NEW\n    as: x"),
        ("token: |+\n\n      OLD\n\n    as: x", "token: |+\n      NEW\n\n    as: x"),
        ("token: |2-\n      OLD", "token: |2-\n      NEW"),
        ('token: "OLD\\\n      more"', 'token: "NEW"'),
        ("token: OLD\n      more words", "token: NEW"),
        ("token: 'it''s OLD'", "token: 'NEW'"),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_every_way_to_write_a_scalar(before: str, after: str, ends: str) -> None:
    frame = "# kept\nusers:\n- user:\n    {}\n  name: ops\n- name: other\n  user: {{token: other}} # kept\n"
    original = frame.format(before).replace("OLD", OLD).replace("\n", ends)
    expected = frame.format(after).replace("NEW", NEW).replace("\n", ends)
    assert replaced(original) == expected
    assert str(token_of(expected)).strip() == NEW


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n", "\n...\n", "\n---\nsecond: document\n"])
def test_a_token_at_the_very_end(end: str) -> None:
    original = f"users:\n- name: ops\n  user:\n    token: {OLD}{end}"
    assert replaced(original) == original.replace(OLD, NEW)


def test_json_with_tabs() -> None:
    original = json.dumps({"users": [{"name": "ops", "user": {"token": OLD}}]}, indent="\t")
    assert "\t" in original
    assert replaced(original) == original.replace(OLD, NEW)


def test_json_in_one_line_and_flow_style() -> None:
    original = f'{{"users":[{{"name":"ops","user":{{"token":"{OLD}","as":"x"}}}}]}}'
    assert replaced(original) == original.replace(OLD, NEW)
    flow = f"users: [ {{ name: ops , user: {{ as: x, token: {OLD} }} }} ]\n"
    assert replaced(flow) == flow.replace(OLD, NEW)


def test_wide_characters_and_a_byte_order_mark_before_it() -> None:
    original = f"\ufeff# größer 😀 \u2028\nusers:\n- name: ops\n  user: {{as: '😀ü', token: {OLD}}}\n"
    assert replaced(original) == original.replace(OLD, NEW)


def test_the_same_bytes_elsewhere_stay() -> None:
    user = f"  user: {{token: {OLD}}}\n"
    original = f"# {OLD}\nx: {OLD}\nusers:\n- name: two\n{user}- name: ops\n{user}"
    result = replaced(original)
    assert result.count(OLD) == 3
    assert result.endswith(f"token: {NEW}}}\n")


def test_aliases_that_have_nothing_to_do_with_it_stay() -> None:
    original = f"x: &c {{a: b}}\ny: *c\nz: {{<<: *c}}\nusers: [{{name: ops, user: {{token: {OLD}}}}}]\n"
    assert replaced(original) == original.replace(OLD, NEW)


@pytest.mark.parametrize(
    "token", ["true", "null", "12", "0x1f", "1.5", "~", "a: b", "a #b", "ä'\"\\", "=", "a.", "-a"]
)
def test_tokens_that_look_like_something_else_are_quoted(token: str) -> None:
    for written in (OLD, f"'{OLD}'", f'"{OLD}"'):
        result = replaced(f"users:\n- name: ops\n  user: {{token: {written}}}\n", token)
        assert token_of(result) == token


WORDS = st.text(st.sampled_from("abcXYZ019._-"), min_size=1, max_size=12)
TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=20)
TOKENS = st.from_regex(r"[A-Za-z0-9_-]{4,40}(\.[A-Za-z0-9_-]{4,40}){0,2}", fullmatch=True)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def kubeconfigs(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(WORDS.filter(lambda n: n != "ops"), max_size=4, unique=True))
    users = [{"name": name, "user": draw(st.dictionaries(WORDS, VALUES, max_size=3))} for name in names]
    fields = list(draw(st.dictionaries(WORDS.filter(lambda k: k != "token"), VALUES, max_size=3)).items())
    fields.insert(draw(st.integers(0, len(fields))), ("token", draw(TOKENS)))
    users.insert(draw(st.integers(0, len(users))), {"name": "ops", "user": dict(fields)})
    rest = draw(st.dictionaries(WORDS.filter(lambda k: k != "users"), VALUES, max_size=3))
    parts = [*rest.items()]
    parts.insert(draw(st.integers(0, len(parts))), ("users", users))
    return dict(parts)


@st.composite
def written(draw: st.DrawFn) -> str:
    """A kubeconfig as some program, or some person, writes it."""
    content = draw(kubeconfigs())
    if draw(st.booleans()):
        return json.dumps(
            content, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1, 4, "\t"]))
        )
    text = yaml.safe_dump(
        content,
        sort_keys=False,
        allow_unicode=draw(st.booleans()),
        default_flow_style=draw(st.sampled_from([True, False, None])),
        default_style=draw(st.sampled_from([None, "'", '"', "|", ">"])),
        width=draw(st.sampled_from([20, 80, 10_000])),
        indent=draw(st.integers(2, 6)),
        explicit_start=draw(st.booleans()),
    )
    if draw(st.booleans()):
        text = re.sub(r"(?m)^(?=\S)", "# a note\n", text, count=1)
    ends = draw(st.sampled_from(["\n", "\r\n"]))
    return text.replace("\n", ends)


def common(one: str, other: str) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


@given(text=written(), token=TOKENS)
@settings(max_examples=150)
def test_all_other_bytes_and_all_other_values_stay(text: str, token: str) -> None:
    """The changed stretch lies within what the old and the new token take up, and only that value differs."""
    before = parse(text.encode(), "f")
    old = token_of(text)
    try:
        result = replaced(text, token)
    except Untouchable:
        # Escaped wide characters in JSON are read as JSON but cannot be located as YAML.
        assert "\\u" in text and text.lstrip().startswith("{")
        return
    after = parse(result.encode(), "f")
    assert str(token_of(result)).strip() == token
    for user in after["users"]:
        if user["name"] == "ops":
            user["user"]["token"] = old
    assert after == before
    start = common(text, result)
    end = common(text[start:][::-1], result[start:][::-1])
    gone = text[start : len(text) - end]
    assert len(gone) <= len(str(old)) + 2 + gone.count("\n") * 12 + gone.count("\r")
    assert re.sub(r"[\s'\"\\]", "", gone) in str(old)
