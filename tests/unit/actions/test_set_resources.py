"""Other requests and limits: what is written, what is said before it, and what of a container that is not there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.change.form import Form
from edgetui.actions.messages import Refusal
from edgetui.actions.scaling.set_resources import (
    SPEC,
    _answer,
    _before,
    _has,
    _meets,
    _now,
    _then,
    _write,
    container,
    outcome,
)
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from tests.unit.model.factories import deployment

REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "uid-1", "812")
HAS = {"requests": {"cpu": "250m", "memory": "64Mi"}, "limits": {"cpu": "1"}}
TEMPLATE = {"spec": {"containers": [{"name": "app", "resources": HAS}, {"name": "side"}]}}


def view(*, paused: bool = False, notes: tuple[str, ...] = ()) -> Any:
    row = row_of("Deployment", deployment("press", "line-2", paused=paused))
    return SimpleNamespace(ref=REF, row=row, template=TEMPLATE, words="deployment press", notes=notes)


def given(name: str = "", **values: str) -> dict[str, str]:
    fields = ("requests.cpu", "limits.cpu", "requests.memory", "limits.memory")
    return {"container": name, **{field: values.get(field.replace(".", "_"), "") for field in fields}}


def test_the_first_container_is_meant_unless_another_is_named() -> None:
    assert container(view(), "").name == "app"
    assert container(view(), "side").values == {}
    with pytest.raises(Refusal) as refused:
        container(view(), "press")
    assert str(refused.value) == "Deployment press has no container press. It has app, side."
    assert SPEC.fields is not None
    form = SPEC.fields(view())
    assert isinstance(form, Form)
    first, side = form.parts
    assert {"container": first.name, **first.values} == given(
        "app", requests_cpu="250m", limits_cpu="1", requests_memory="64Mi"
    )
    assert {"container": side.name, **side.values} == given("side")


def test_what_is_left_empty_stays_as_it_is() -> None:
    assert _answer(view(), given("side", limits_cpu="2")) == ("side", {"limits.cpu": "2"})
    assert _answer(view(), given()) == ("app", {})


@pytest.mark.parametrize(
    ("values", "paused", "said"),
    [
        ({}, False, []),
        ({"requests.cpu": "1", "limits.cpu": "1"}, False, []),
        (
            {"requests.cpu": "1001m", "limits.cpu": "1"},
            False,
            ["The cpu request is above its limit: the server will refuse that."],
        ),
        (
            {"requests.memory": "2Gi", "limits.memory": "1Gi"},
            False,
            ["The memory request is above its limit: the server will refuse that."],
        ),
        ({"requests.memory": "2Gi"}, False, []),
        ({}, True, ["It is paused: the new values wait until it is resumed."]),
    ],
)
def test_what_it_meets(values: dict[str, str], paused: bool, said: list[str]) -> None:
    found = _meets(view(paused=paused, notes=("A note.",)), values)
    assert found[0] == "Every pod is replaced by one with these values."
    assert found[-1] == "A note."
    assert [one for one in found[1:-1] if "seconds" not in one] == said


def test_one_container_is_written_and_nothing_else_of_it() -> None:
    box = container(view(), "")
    write = _write(view(), box, {"limits.cpu": "2", "limits.memory": "", "requests.cpu": "500m"}, "812")
    assert write.body["metadata"]["resourceVersion"] == "812"
    (one,) = write.body["spec"]["template"]["spec"]["containers"]
    assert one == {
        "name": "app",
        "resources": {"limits": {"cpu": "2", "memory": None}, "requests": {"cpu": "500m"}},
    }
    assert write.before == {
        "container": "app",
        "limits.cpu": "1",
        "limits.memory": "",
        "requests.cpu": "250m",
    }
    assert write.after == {"container": "app", "limits.cpu": "2", "limits.memory": "", "requests.cpu": "500m"}
    assert write.uid == "uid-1"


@pytest.mark.parametrize(
    ("name", "wanted", "has"),
    [
        ("app", {"requests.cpu": "0.25"}, True),
        ("app", {"requests.cpu": "0.5"}, False),
        ("app", {"limits.memory": ""}, True),
        ("app", {"limits.cpu": ""}, False),
        ("side", {"limits.cpu": ""}, True),
        ("other", {}, False),
    ],
)
def test_whether_a_workload_has_the_values(name: str, wanted: dict[str, str], has: bool) -> None:
    assert _has({"spec": {"template": TEMPLATE}}, name, wanted) is has


def test_what_was_there_before_is_put_back_in_words_and_values() -> None:
    before = {"container": "app", "limits.cpu": "", "requests.cpu": "100m"}
    assert _before(view(), before) == ("app", {"limits.cpu": "", "requests.cpu": "100m"})
    assert _then(view(), before) == "at requests.cpu 100m, limits.cpu not set"
    after = {"container": "app", "limits.cpu": "1000m", "requests.cpu": "300m"}
    assert _now(view(), after) == {"limits.cpu": "1000m", "requests.cpu": "250m"}


async def test_a_paused_deployment_is_not_waited_for() -> None:
    run: Any = None
    ending = await outcome(run, view(paused=True), ("app", {}), 60.0)
    assert (ending.ok, ending.pending) == (True, False)
    assert ending.lines == ("deployment press has the new values, which wait until it is resumed.",)
