"""Every way to give requests and limits to a container, in place and in a template: what is said and written.

`pytest tests/unit/actions/test_every_answer_of_resources.py --snapshot-update` takes what is said
now; look at what differs first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.gate.gate import Run
from edgetui.actions.messages import Refusal
from edgetui.actions.rollout.workload import read_workload
from edgetui.actions.scaling import resize_pod, set_resources
from edgetui.actions.scaling.resize_pod import ResizeView
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.pod.resize import ContainerResources
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f

from .as_text import as_text
from .every_action import POD, one_pod
from .scripted import Watching, scripted
from .site import Json, Site
from .test_every_field_of_an_action import Direct, lines_of
from .test_every_outcome_in_time import Stepping, Timed

APP = ContainerResources(
    "app", {"requests.cpu": "100m", "limits.cpu": "1", "requests.memory": "64Mi"}, ("memory",)
)
SIDE = ContainerResources("side", {})
ANSWERS: dict[str, Json] = {
    "nothing": {},
    "the same": {"requests.cpu": "0.1", "limits.cpu": "1000m"},
    "more cpu": {"requests.cpu": "200m"},
    "a limit of memory": {"limits.memory": "128Mi"},
    "a request of memory": {"requests.memory": "128Mi"},
    "a request above its limit": {"requests.cpu": "2"},
    "a request of memory above its limit": {"requests.memory": "2Gi", "limits.memory": "1Gi"},
    "a request at its limit": {"requests.cpu": "1", "limits.cpu": "1"},
    "all": {"requests.cpu": "1", "limits.cpu": "2", "requests.memory": "1Gi", "limits.memory": "2Gi"},
    "several at once": {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "300m"}},
    "the side": {"container": "side", "limits.cpu": "2"},
    "another container": {"container": "oven", "limits.cpu": "2"},
}


def given(answer: Json) -> Json:
    """What a command gives where all the rest is left out."""
    return {"container": "", "limits": None, "requests": None, **answer}


def pod_view(*boxes: ContainerResources, notes: tuple[str, ...] = ("A note.",)) -> ResizeView:
    ref = ObjectRef(ObjectKey("plant", "Pod", "line-2", "press-x"), "uid-1", "812")
    return ResizeView(ref, 1, boxes or (APP, SIDE), notes)


def workload(**more: Any) -> Site:
    """A deployment of these containers."""
    made = f.deployment("press", "line-2", generation=4, observed=4, uid="uid-1", **more)
    resources = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "1"}}
    made["spec"]["template"]["spec"]["containers"] = [
        {"name": "app", "image": "press:1", "resources": resources},
        {"name": "side", "image": "side:1"},
    ]
    return Site(made)


async def template_view(site: Site) -> Any:
    ref = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")
    return await read_workload(Direct(site), "resources", ref)


def answered(spec: Any, view: Any, answer: Json) -> Iterator[str]:
    """What an answer leads to, and what would be written."""
    yield f"check {spec.check(given(answer))!r}"
    try:
        yield as_text(spec.leads(view, given(answer)))
        chosen = spec.answer(view, given(answer))
        yield spec.title(view, chosen)
        change = spec.change(Direct(Site()), view, chosen)
        yield from lines_of(change)
    except EdgetuiError as refused:
        yield f"{type(refused).__name__}: {refused}"


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_what_every_answer_leads_to(answer: Json, snapshot: SnapshotAssertion) -> None:
    found = ["# in place", *answered(resize_pod.SPEC, pod_view(), answer)]
    view = await template_view(workload())
    found += ["# in a template", *answered(set_resources.SPEC, view, answer)]
    view = await template_view(workload(paused=True))
    found += ["# in a template that is paused", *answered(set_resources.SPEC, view, answer)]
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize(
    ("names", "values", "said"),
    [
        (("memory",), {"limits.memory": "1Gi"}, ("Changing its memory restarts container app.",)),
        (("memory",), {"limits.cpu": "2"}, ()),
        (("memory",), {"requests.memory": "64Mi"}, ()),
        (
            ("cpu", "memory"),
            {"limits.cpu": "2", "requests.memory": "1Gi"},
            ("Changing its cpu restarts container app.", "Changing its memory restarts container app."),
        ),
        ((), {"limits.cpu": "2", "requests.memory": "1Gi"}, ()),
    ],
)
def test_which_changes_restart_a_container(
    names: tuple[str, ...], values: Json, said: tuple[str, ...]
) -> None:
    box = ContainerResources("app", APP.values, names)
    assert pod_view(box).warnings(box, values) == (*said, "A note.")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cpu=200m", {"cpu": "200m"}),
        ("cpu=200m,memory=256Mi", {"cpu": "200m", "memory": "256Mi"}),
        ("cpu=1,cpu=2", {"cpu": "2"}),
        ("disk=1", "“disk=1” is neither cpu=AMOUNT nor memory=AMOUNT"),
        ("cpu", "“” is not an amount such as 200m or 256Mi"),
        ("cpu=0", "“0” is not an amount such as 200m or 256Mi"),
        ("cpu=-1", "“-1” is not an amount such as 200m or 256Mi"),
        ("memory=much", "“much” is not an amount such as 200m or 256Mi"),
    ],
)
def test_amounts_as_kubectl_takes_them(text: str, found: dict[str, str] | str) -> None:
    if isinstance(found, dict):
        assert resize_pod.several(text) == found
    else:
        with pytest.raises(ValueError, match=f"^{found}$"):
            resize_pod.several(text)


@pytest.mark.parametrize(
    ("there", "wanted", "said"),
    [
        ({"requests.cpu": "100m"}, {"requests.cpu": "100m"}, {}),
        ({"requests.cpu": "100m"}, {"requests.cpu": "0.1"}, {}),
        ({"requests.cpu": "100m"}, {"requests.cpu": ""}, {"requests.cpu": ""}),
        ({}, {"requests.cpu": ""}, {}),
        ({}, {"requests.cpu": "1"}, {"requests.cpu": "1"}),
        ({"requests.cpu": "100m"}, {"requests.cpu": "101m"}, {"requests.cpu": "101m"}),
    ],
)
def test_which_values_of_a_template_change(there: Json, wanted: Json, said: Json) -> None:
    assert set_resources._apart(ContainerResources("app", there), wanted) == said


BACK = {
    "in place": (resize_pod.SPEC, pod_view),
    "in a template": (set_resources.SPEC, lambda: asyncio.run(template_view(workload()))),
}


@pytest.mark.parametrize(("spec", "made"), BACK.values(), ids=BACK)
def test_what_is_put_back(spec: Any, made: Any, snapshot: SnapshotAssertion) -> None:
    view, back, found = made(), spec.back, list[str]()
    for recorded in (
        {"container": "app", "requests.cpu": "50m"},
        {"container": "app", "requests.cpu": "0.1", "limits.cpu": "2"},
        {"container": "app", "limits.memory": "", "requests.memory": "32Mi"},
        {"container": "side", "limits.cpu": "1"},
        {"container": "oven", "limits.cpu": "1"},
        {"container": "app"},
    ):
        for what in (back.now, back.answer, back.then):
            try:
                found.append(as_text(what(view, recorded)))
            except EdgetuiError as refused:
                found.append(f"{type(refused).__name__}: {refused}")
    assert "\n".join(found) == snapshot


def resized(site: Site) -> None:
    """The kubelet has carried it out."""
    there = site.objects[POD]
    values = there["spec"]["containers"][0]["resources"]
    there["status"]["containerStatuses"][0]["resources"] = values


def refused(site: Site) -> None:
    site.objects[POD]["status"]["conditions"] += [
        f.cond("PodResizePending", "True", "Infeasible", "the node has 2 cpu")
    ]


def deferred(site: Site) -> None:
    site.objects[POD]["status"]["conditions"] += [f.cond("PodResizePending", "True", "Deferred", "no room")]


@pytest.mark.parametrize("wait", [None, 20.0])
@pytest.mark.parametrize("happens", [resized, refused, deferred, lambda site: None])
def test_what_comes_of_a_resize(wait: float | None, happens: Any, snapshot: SnapshotAssertion) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        site = one_pod()
        there = site.objects[POD]["spec"]["containers"][0]
        there["resources"] = {"limits": {"cpu": "300m", "memory": "64Mi"}}
        box = ContainerResources("app", {"limits.cpu": "200m"})
        session = Timed(site)
        run = Stepping(session, {})
        ref = ObjectRef(ObjectKey("plant", "Pod", "line-2", "press-x"), "", "")
        view = ResizeView(ref, 1, (box,))
        loop.call_later(3, happens, site)
        for ends in (resize_pod.outcome, cast(Any, resize_pod.SPEC.back).ends):
            ending = await ends(cast(Run, run), view, (box, {"limits.cpu": "300m"}), wait)
            found.extend([*run.told, f"{run.seconds:.2f} s: {as_text(ending)}"])

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


async def test_a_resize_that_was_prepared_is_written_once(tmp_path: Path) -> None:
    site, hands = one_pod(), Watching(tmp_path)
    async with scripted(site.answer) as (_, session):
        view = await resize_pod.prepare(
            session, ObjectRef(ObjectKey("plant", "Pod", "line-2", "press-x"), "", "")
        )
        receipt = await resize_pod.perform(
            hands.gate, session, view, view.box("app"), {"limits.cpu": "300m"}, wait=5
        )
    assert (receipt.ok, receipt.action, site.writes) == (True, "resize", [f"PATCH {POD}/resize"])


@pytest.mark.parametrize(("paused", "wait"), [(True, None), (True, 60.0), (False, None)])
async def test_new_values_of_a_template_are_not_waited_for_where_it_is_paused(
    paused: bool, wait: float | None
) -> None:
    site = workload(paused=paused)
    view = await template_view(site)
    run = Stepping(Timed(site), site.objects["/apis/apps/v1/namespaces/line-2/deployments/press"])
    ending = await set_resources.outcome(cast(Run, run), view, ("app", {"limits.cpu": "1"}), wait)
    words = "deployment press has the new values"
    said = f"{words}, which wait until it is resumed." if paused else f"{words}; not waited for."
    assert (ending.ok, ending.pending, ending.lines) == (paused, not paused, (said,))


async def test_a_pod_without_the_container_names_those_it_has() -> None:
    with pytest.raises(Refusal) as refused_:
        pod_view().box("oven")
    assert str(refused_.value) == "Pod press-x has no container oven. It has app, side."
    assert (pod_view().box(""), pod_view().box("side")) == (APP, SIDE)
