"""Scalars that are replaced in a text: how each is written, what stays, and the sentence for what cannot
be touched.

`pytest tests/unit/cluster/test_yaml_edit.py --snapshot-update` takes what is said now; look at what
differs first.
"""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.kubeconfig.yaml_edit import Place, replace_for_user, user_fields
from tests.unit.cluster.test_yaml_file import said

EDITS: tuple[str, ...] = (
    "",
    "a: b",
    "users: text",
    "users: []",
    "users: [{name: u}]",
    "users: [{name: u, user: text}]",
    "users: [text, {name: v, user: {token: a}}]",
    "users: [text, {name: u, user: {token: a}}]",
    "users: [{name: u, user: {token: a}}, {name: u, user: {token: a}}]",
    "users: [{name: u, name: v, user: {token: a}}]",
    "users: [{name: v, name: u, user: {token: a}}]",
    "users: [{name: u, user: {token: a}, user: {token: b}}]",
    "users: [{name: u, user: {}}]",
    "users: [{name: u, user: {token: }}]",
    "users: [{name: u, user: {token: 5}}]",
    "users: [{name: u, user: {token: [a]}}]",
    "users: [{name: u, user: {token: {a: b}}}]",
    "users: [{name: u, user: {token: &t a}}]",
    "users: [{name: u, user: {token: !t a}}]",
    "users: [{name: u, user: {token: a}}]",
    "users: [{name: u, user: {token: 'it''s'}}]",
    'users: [{name: u, user: {token: "a"}}]',
    "x: &x a\nusers: [{name: u, user: {token: *x}}]",
    "x: &x {token: a}\nusers: [{name: u, user: *x}]",
    "x: &x {name: u, user: {token: a}}\nusers: [*x]",
    "users: [{name: u, user: &x {token: a}}, {name: v, user: *x}]",
    "users: [{name: u, user: {token: a}}]\nusers: []",
    "users: [{[a]: b, name: u, user: {token: a}}]",
    "users: [\n",
    '{"users": [\n\t{"name": "u",\t"user": {"token": "a\tb"}}]}',
    '{"users": [\n\t{"name": "u",\t"user": {"token": "a"}}]}',
    "users:\n- name: u\n  user:\n    token: |\n      a\n      b\n\n",
    "users:\n- name: u\n  user:\n    token: >-\n\n      a\n",
    "users:\n- name: u\n  user: {token: a, token: b}\n",
    "- users",
)
TOKENS = ("new", "a.b-c_d", "1", "yes", "a'b", 'a"b', "a:b", "é", ".a", "a.", "null")


def test_what_each_way_to_write_a_user_becomes_or_why_it_stays(snapshot: SnapshotAssertion) -> None:
    lines = []
    for text in EDITS:
        place: dict[Place, str] = {("token",): "new"}
        lines.append(f"{text!r}: {said(replace_for_user, text.encode(), 'u', place, 'the file')}")
        lines.append(f"  fields: {said(user_fields, text.encode(), 'u', 'the file')}")
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_how_each_token_is_written(quote: str, snapshot: SnapshotAssertion) -> None:
    text = f"users: [{{name: u, user: {{token: {quote}old{quote}, as: x}}}}] # end"
    lines = [replace_for_user(text.encode(), "u", {("token",): token}, "f").decode() for token in TOKENS]
    assert "\n".join(lines) == snapshot


def test_several_scalars_are_replaced_at_once_wherever_they_stand() -> None:
    text = "\ufeffusers: [{name: u, user: {auth-provider: {config: {b: '1', a: x}, name: oidc}, c: k}}]\n"
    changes = {
        ("auth-provider", "config", "a"): "longer than before",
        ("c",): "z",
        ("auth-provider", "config", "b"): "",
    }
    assert replace_for_user(text.encode(), "u", changes, "f").decode() == (
        "\ufeffusers: [{name: u, user: {auth-provider: "
        "{config: {b: '', a: \"longer than before\"}, name: oidc}, c: z}}]\n"
    )
    assert said(replace_for_user, "ü: 1".encode("latin-1"), "u", changes, "f").startswith(
        "KubeconfigError: f is not"
    )
