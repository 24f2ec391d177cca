"""Secrets in an object's values, whatever shape they have, and the time that looking for them takes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetui import crash
from edgetui.actions.gate.audit import without_tokens
from edgetui.model.kinds import row_of
from edgetui.model.kinds.pod import PodRow
from edgetui.model.manifest import manifest
from edgetui.model.redaction import (
    MOST_CHARACTERS,
    MOST_DEPTH,
    TOO_DEEP,
    is_secret,
    redacted,
    without_secrets,
)
from edgetui.model.rollout.templatediff import template_diff
from tests.unit.model import factories

SECRET = "hunter2"
IN_A_VALUE = [
    "-Xmx1g -Dspring.datasource.password=hunter2 -Dx=y",
    "-Djavax.net.ssl.keyStorePassword=hunter2",
    "jdbc:postgresql://db:5432/app?user=app&password=hunter2",
    "jdbc:sqlserver://db;databaseName=app;user=sa;password=hunter2;",
    '{"password": "hunter2", "user": "app"}',
    '{"db":{"api-key":"hunter2"}}',
    "{'secret': 'hunter2'}",
    '"{\\"accessKey\\": \\"hunter2\\"}"',
    "user: app\npassword: hunter2\n",
    "export DB_PASS=hunter2 && run",
    "Server=db;Uid=app;Pwd=hunter2;",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=hunter2;",
    "https://blob/c?sv=2022&sig=hunter2&se=1",
    "https://maps/api?key=hunter2",
    "redis://:hunter2@cache:6379/0",
    "amqp://app:hunter2@mq",
    "Authorization: Bearer hunter2",
    "Proxy-Authorization: Basic hunter2",
    "X-Auth-Token: hunter2",
    "cookie=session-hunter2",
]
COMMANDS = [
    ["mysqladmin", "ping", "-phunter2"],
    ["/usr/bin/mysql", "-h", "db", "-p", "hunter2"],
    ["-pHunter2hunter2"],
    ["redis-cli", "-a", "hunter2", "ping"],
    ["curl", "-u", "admin:hunter2", "http://localhost"],
    ["curl", "--user=admin:hunter2", "http://localhost"],
    ["curl", "-uadmin:hunter2", "http://localhost"],
    ["curl", "--proxy-user", "admin:hunter2"],
    ["ldapsearch", "-w", "hunter2"],
    ["mosquitto_sub", "-P", "hunter2"],
    ["--password", "hunter2"],
    ["--db.password=hunter2"],
    ["sh", "-c", "exec mysqladmin ping -phunter2"],
    ["sh", "-c", "redis-cli -a hunter2 ping"],
    ["sh", "-c", "curl -fsS -u admin:hunter2 http://localhost/healthz"],
    ["sh", "-c", "sshpass -p 'hunter2' ssh gate"],
]
SHOWN = [
    {"name": "HOST", "value": "http://token-service:8080/path"},
    {"name": "IDP", "value": "http://auth:80"},
    {"name": "JAVA_OPTS", "value": "-Xmx512m -Dserver.port=8080 -Dpassive=true"},
    {"name": "DSL", "value": "jdbc:postgresql://db:5432/app"},
    {"name": "MODE", "value": "author"},
    {"name": "NOTE", "value": "a, b; c=d & e: f"},
]
SHOWN_COMMANDS = [
    ["serve", "-port=8080", "-p", "8080", "-pretty", "-p8080:80"],
    ["mkdir", "-p", "/data"],
    ["run", "--user", "1000:1000", "-u", "root"],
    ["grep", "-a", "words"],
]


def pod(**container: Any) -> dict[str, Any]:
    return {"kind": "Pod", "spec": {"containers": [{"name": "app", "image": "app:1", **container}]}}


def shown(obj: dict[str, Any]) -> str:
    return "\n".join(head + value for head, value in manifest(obj))


def probe(**action: Any) -> dict[str, Any]:
    return pod(livenessProbe=action)


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "variable": lambda value: pod(env=[{"name": "CONFIG", "value": value}]),
    "annotation": lambda value: {"metadata": {"annotations": {"a/config": value}}},
    "label": lambda value: {"metadata": {"labels": {"a": value}}},
    "argument": lambda value: pod(args=[value]),
    "command of a probe": lambda value: probe(exec={"command": ["sh", "-c", value]}),
    "last words": lambda value: {
        "status": {"containerStatuses": [{"lastState": {"terminated": {"message": f"failed: {value}"}}}]}
    },
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("value", IN_A_VALUE)
def test_a_password_within_a_value_is_hidden_wherever_the_value_stands(place: str, value: str) -> None:
    said = shown(PLACES[place](value))
    assert SECRET not in said
    assert "(hidden)" in said


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_password_on_a_command_line_is_hidden(words: list[str]) -> None:
    for obj in (pod(command=words), pod(args=words), probe(exec={"command": words})):
        assert SECRET not in shown(obj).lower()
        assert SECRET not in "\n".join(template_diff({}, obj)).lower()


@pytest.mark.parametrize(
    "name", ["Authorization", "X-Api-Key", "x-auth-token", "Cookie", "Proxy-Authorization"]
)
def test_a_header_of_a_probe_is_hidden_by_its_name(name: str) -> None:
    headers = [{"name": "Host", "value": "example.org"}, {"name": name, "value": SECRET}]
    said = shown(probe(httpGet={"path": "/healthz", "httpHeaders": headers}))
    assert SECRET not in said
    assert "example.org" in said


def test_the_path_of_a_probe_may_hold_a_token() -> None:
    assert SECRET not in shown(probe(httpGet={"path": f"/healthz?token={SECRET}"}))
    assert "/healthz?deep=1" in shown(probe(httpGet={"path": "/healthz?deep=1"}))


@pytest.mark.parametrize("variable", SHOWN, ids=lambda one: one["name"])
def test_ordinary_values_are_shown(variable: dict[str, str]) -> None:
    assert "(hidden)" not in shown(pod(env=[variable]))


@pytest.mark.parametrize("words", SHOWN_COMMANDS, ids=" ".join)
def test_ordinary_arguments_are_shown(words: list[str]) -> None:
    assert "(hidden)" not in shown(pod(args=words))


def test_a_programs_last_words_are_in_its_row_without_the_password() -> None:
    ended = {"terminated": {"exitCode": 1, "reason": "Error", "message": "cannot log in: password=hunter2"}}
    obj = factories.pod("press-1")
    obj["status"]["containerStatuses"][0] |= {"ready": False, "state": ended}
    row = row_of("Pod", obj)
    assert isinstance(row, PodRow)
    assert row.problem is not None
    assert row.problem.message == "cannot log in: password=(hidden)"


def test_the_name_of_a_container_hides_nothing_of_its_variables_and_a_flag_is_shown_beside_its_password() -> (
    None
):
    said = shown(
        pod(name="auth-proxy", env=[{"name": "LOG", "value": "debug"}], args=["--password", "hunter2"])
    )
    assert "debug" in said
    assert "--password" in said
    assert SECRET not in said


def test_of_a_message_only_the_secret_is_hidden() -> None:
    message = 'cannot log in with password=hunter2 at db; secret "db" not found'
    said = shown({"status": {"message": message}})
    assert 'cannot log in with password=(hidden) at db; secret "db" not found' in said


def test_a_value_that_is_too_long_to_look_through_is_hidden_in_words() -> None:
    said = shown(pod(env=[{"name": "DATA", "value": "x y " * MOST_CHARACTERS}]))
    assert "(hidden: 262,144 characters are too many to look for secrets in)" in said


def test_what_is_nested_too_deep_is_left_out_in_words() -> None:
    obj: Any = "leaf"
    for at in range(5000):
        obj = {"a": obj} if at % 2 else [obj]
    assert TOO_DEEP in json.dumps(without_secrets(obj))
    assert template_diff({}, {"spec": obj})
    fits: Any = "leaf"
    for _ in range(MOST_DEPTH + 1):
        fits = {"a": fits}
    assert "leaf" in json.dumps(without_secrets(fits))


PIECES = [
    "eyJ", "eyJa.", "eyJ-", "eyJ.eyJ", "aeyJ", "a", "-", "_", "=", '"', "'", "\\", ":", "://", "://a:", "a@", "://a:b",
    "token", "token=", "password ", "password\"", "password:\\\"", "auth", "author", "cookie: ", "bearer ", "basic ",
    "-----BEGIN ", "-----BEGIN A-----", "-----END ", "sk-", "ghp", "0a", "aA0", "/", "+", "?key=", "&sig", "\n", " ",
    "\t", "{\"a\":", "[", "{\"password\":{\"password\":", "env[", "env[a].value", "-p", "mysql ", "mysql -p",
    "redis-cli ", "-u a:", "$(", ",", ";", "é", "\u2028", "key=", "access_key", "connection_string", "-data", "-data:",
    "0123456789abcdef",
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("say secret", True),
        ("-x the secret thing", True),
        ("secret", True),
        ("-x the other thing", False),
        ("-mysecretflag", False),
        ("--secret-file=/run/x", True),
        ("--file=/run/secret/x", False),
        ("plain words", False),
    ],
)
def test_an_argument_is_a_secret_by_its_words_or_by_its_flag(value: str, secret: bool) -> None:
    assert is_secret("containers[app].args[0]", value) == secret


def looked_through(size: int, piece: str) -> float:
    """Processor seconds for everything that looks for secrets in a text of so many characters."""
    text = (piece * (size // len(piece) + 1))[:size]
    obj = pod(env=[{"name": "CONFIG", "value": text}, {"name": text, "value": "x"}], args=[text, text])
    begin = time.thread_time()
    without_secrets(obj)
    template_diff({}, obj)
    without_tokens({"message": text})
    crash.without_secrets(text)
    redacted(text)
    return time.thread_time() - begin


def least(size: int, piece: str) -> float:
    """The least that it takes of three times: what else the machine does only adds to it."""
    return min(looked_through(size, piece) for _ in range(3))


def plain(size: int) -> float:
    """What as long a text takes that holds nothing to look at."""
    return least(size, "plain words ")


@pytest.mark.parametrize("piece", PIECES)
def test_four_times_the_text_takes_four_times_the_time(piece: str) -> None:
    """A quadratic pattern took 900 ms for 24 KB and 3.9 s for 48 KB: sixteen times as much for four times the text."""
    assert least(8192, piece) < 8 * least(2048, piece)


@pytest.mark.parametrize("piece", PIECES)
def test_no_text_takes_much_longer_than_plain_words(piece: str) -> None:
    assert least(4096, piece) < 10 * plain(4096)


@settings(max_examples=30)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4))
def test_no_mixture_of_pieces_takes_long(pieces: list[str]) -> None:
    assert least(4096, "".join(pieces)) < 10 * plain(4096)


@pytest.mark.parametrize("piece", ["eyJ", "a", "token", "-----BEGIN ", '{"password":'])
def test_the_longest_text_that_is_looked_through_takes_as_long_per_kilobyte(piece: str) -> None:
    assert least(MOST_CHARACTERS, piece) < 2 * MOST_CHARACTERS / 8192 * least(8192, piece)


@pytest.mark.parametrize("piece", ["eyJ", "a", "token"])
def test_what_is_longer_than_is_looked_through_is_not_looked_through(piece: str) -> None:
    """Sixteen times the text: only its copies take longer."""
    assert least(16 * MOST_CHARACTERS, piece) < 8 * least(MOST_CHARACTERS, piece)
