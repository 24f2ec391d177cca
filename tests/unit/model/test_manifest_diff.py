"""What changes in an object, as lines of its YAML: where it is, and no secret."""

from __future__ import annotations

from typing import Any

from edgetui.model.manifest_diff import MAX_LINES, manifest_diff


def workload(image: str = "press:1", **env: str) -> dict[str, Any]:
    container = {
        "name": "app",
        "image": image,
        "env": [{"name": name, "value": value} for name, value in env.items()],
        "ports": [{"containerPort": 80}],
    }
    return {"kind": "Deployment", "spec": {"replicas": 3, "template": {"spec": {"containers": [container]}}}}


def test_a_piece_stands_below_where_it_is() -> None:
    assert manifest_diff(workload(), workload("press:2")) == (
        "@ spec.template.spec.containers",
        "        - name: app",
        '-         image: "press:1"'.replace('"', ""),
        "+         image: press:2",
        "          env: []",
    )


def test_nothing_changed_has_no_lines() -> None:
    assert manifest_diff(workload(), workload()) == ()


def test_another_order_of_keys_is_no_change() -> None:
    one = {"kind": "A", "spec": {"a": 1, "b": [{"name": "x", "c": 1, "d": 2}]}}
    other = {"spec": {"b": [{"d": 2, "c": 1, "name": "x"}], "a": 1}, "kind": "A"}
    assert manifest_diff(one, other) == ()


def test_a_secret_that_changed_is_told_and_not_shown() -> None:
    lines = manifest_diff(workload(PASSWORD="hunter2", MODE="a"), workload(PASSWORD="hunter3", MODE="a"))
    assert [line for line in lines if line[0] in "+-"] == [
        "-           value: (hidden)",
        "+           value: (hidden, changed)",
    ]
    assert "hunter" not in "".join(lines)


def test_one_secret_in_the_place_of_another_is_told() -> None:
    lines = manifest_diff(workload(PASSWORD="hunter2"), workload(PASSWORD="hunter2", API_TOKEN="abc"))
    assert "+         - name: API_TOKEN" in lines
    assert "+           value: (hidden)" in lines


def test_a_long_text_is_told_by_its_lines_with_tabs_as_blanks() -> None:
    old = {"kind": "ConfigMap", "data": {"conf": "one\n\ttwo\nthree\nfour\n"}}
    new = {"kind": "ConfigMap", "data": {"conf": "one\n\t2\nthree\nfour\n"}}
    assert manifest_diff(old, new) == ("@ data", "      one", "-         two", "+         2", "      three")


def test_it_is_bounded() -> None:
    old, new = ({"data": {str(n): value for n in range(300)}} for value in ("a", "b"))
    lines = manifest_diff(old, new)
    assert len(lines) == MAX_LINES + 1
    assert lines[-1].endswith("more lines")
    assert max(map(len, manifest_diff({"a": "x"}, {"a": "y" * 5000}))) < 200
