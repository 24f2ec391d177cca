"""Template differences: what changed is told, secrets are not."""

from __future__ import annotations

import base64
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.model.rollout.templatediff import MAX_LINES, template_diff


def template(**container: Any) -> dict[str, Any]:
    return {
        "metadata": {"labels": {"app": "press", "pod-template-hash": str(container.pop("hash", "x"))}},
        "spec": {"containers": [{"name": "app", "image": "press:1", **container}]},
    }


def test_only_what_differs_is_told_by_name() -> None:
    assert template_diff(template(hash=1), template(image="press:2", hash=2)) == [
        "- containers[app].image: press:1",
        "+ containers[app].image: press:2",
    ]
    assert template_diff(template(), template()) == []


def test_items_go_by_their_name_whatever_their_place() -> None:
    one, two = {"name": "A", "value": "1"}, {"name": "B", "value": "2"}
    assert template_diff(template(env=[one, two]), template(env=[two, one])) == []
    assert template_diff(template(env=[one]), template(env=[one, two])) == [
        "+ containers[app].env[B].name: B",
        "+ containers[app].env[B].value: 2",
    ]


def test_a_new_container_and_a_flag() -> None:
    new = template(securityContext={"privileged": True})
    new["spec"]["containers"].append({"name": "side", "image": "side:1"})
    assert template_diff(template(), new) == [
        "+ containers[app].securityContext.privileged: true",
        "+ containers[side].image: side:1",
        "+ containers[side].name: side",
    ]


HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"
SECRETS: list[tuple[dict[str, Any], str]] = [
    ({"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}, "hunter2"),
    ({"env": [{"name": "API_TOKEN", "value": "short"}]}, "short"),
    ({"env": [{"name": "DATABASE_URL", "value": "postgres://app:hunter2@db/app"}]}, "hunter2"),
    ({"env": [{"name": "SESSION", "value": HEX}]}, HEX),
    ({"env": [{"name": "X", "value": "eyJhbGciOi.eyJzdWIi.c2ln"}]}, "eyJ"),
    ({"env": [{"name": "PEM", "value": "-----BEGIN RSA PRIVATE KEY-----"}]}, "BEGIN"),
    ({"args": ["--password=hunter2"]}, "hunter2"),
    ({"args": ["--password", "hunter2"]}, "hunter2"),
    ({"command": ["sh", "-c", "login --token hunter2"]}, "hunter2"),
    ({"env": [{"name": "AWS", "value": "AKIAIOSFODNN7EXAMPLE"}]}, "AKIA"),
]


@pytest.mark.parametrize(("container", "secret"), SECRETS)
def test_secrets_are_hidden_but_their_change_is_told(container: dict[str, Any], secret: str) -> None:
    lines = template_diff(template(), template(**container))
    assert any("(hidden)" in line for line in lines)
    assert secret not in "\n".join(lines)


def test_a_hidden_value_that_changed_is_told() -> None:
    def with_password(value: str) -> dict[str, Any]:
        return template(env=[{"name": "PASSWORD", "value": value}])

    assert template_diff(with_password("a"), with_password("b")) == [
        "- containers[app].env[PASSWORD].value: (hidden)",
        "+ containers[app].env[PASSWORD].value: (hidden)",
    ]


PLAIN: list[dict[str, Any]] = [
    {"env": [{"name": "LOG_LEVEL", "value": "debug"}]},
    {"args": ["--verbose", "--port=8080"]},
    {"image": "registry.local/press@sha256:" + HEX + HEX[:24]},
    {"env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]},
]


@pytest.mark.parametrize("container", PLAIN)
def test_ordinary_values_are_shown(container: dict[str, Any]) -> None:
    lines = template_diff(template(), template(**container))
    assert lines
    assert "(hidden)" not in "\n".join(lines)


@given(st.integers(32, 64))
def test_no_random_key_is_ever_shown(size: int) -> None:
    secret = base64.b64encode(os.urandom(size)).decode()
    assert secret not in "\n".join(
        template_diff(template(), template(env=[{"name": "CONFIG", "value": secret}]))
    )


def test_foreign_values_cannot_move_the_cursor() -> None:
    lines = template_diff(template(), template(env=[{"name": "A", "value": "x\x1b[2J\ny"}]))
    assert "+ containers[app].env[A].value: x [2J y" in lines


def test_a_long_result_says_what_it_leaves_out() -> None:
    many = template(env=[{"name": f"E{at}", "value": "1"} for at in range(300)])
    lines = template_diff(template(), many)
    assert len(lines) == MAX_LINES + 1
    assert lines[-1] == "… 400 more lines"
