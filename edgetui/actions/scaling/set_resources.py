"""Set resources: requests and limits of one container in a workload's template, which rolls out new pods."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from edgetui.actions.catalogue import needs
from edgetui.actions.change.change import Change, facts
from edgetui.actions.change.ending import Ending
from edgetui.actions.change.form import Leads
from edgetui.actions.change.precondition import in_words, object_path
from edgetui.actions.change.spec import Aim, Given, SetBack, Spec, differences
from edgetui.actions.gate.gate import Run, Write
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.rollout.follow import Following, follow
from edgetui.actions.rollout.patches import NO_CAUSE
from edgetui.actions.rollout.workload import WorkloadView, read_workload, slow_to_follow
from edgetui.actions.scaling.resize_pod import ARGUMENTS, amounts, any_amount, containers_form
from edgetui.actions.session import Session
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.pod.resize import FIELDS, ContainerResources, container_resources
from edgetui.model.text import quantity

Values = Mapping[str, str]
Chosen = tuple[str, Values]
"""A container by its name, and its values by FIELDS; an empty one takes the value away."""


async def read(aim: Aim) -> WorkloadView:
    """The workload, and with it the values that its template has."""
    return await read_workload(aim.session, "resources", aim.ref)


def container(view: WorkloadView, name: str) -> ContainerResources:
    """One container of the template, the first where no name is given. Raises Refusal for one that is not there."""
    found = container_resources(view.template)
    for box in found:
        if name in ("", box.name):
            return box
    raise Refusal(
        f"{view.words.capitalize()} has no container {name}.",
        f"It has {', '.join(box.name for box in found)}.",
    )


def _apart(box: ContainerResources, wanted: Values) -> dict[str, str]:
    """The values that are not what the container has."""
    return {
        field: value
        for field, value in wanted.items()
        if value != box.values.get(field, "") and not _same(value, box.values.get(field, ""))
    }


def _same(one: str, other: str) -> bool:
    return bool(one and other) and quantity(one) == quantity(other)


def change(session: Session, view: WorkloadView, answer: Chosen) -> Change:
    """Other requests and limits for one container."""
    box, key = container(view, answer[0]), view.ref.key
    wanted = _apart(box, answer[1])
    old = {field: box.values.get(field) or None for field in wanted}
    new = {field: value or None for field, value in wanted.items()}
    return Change(
        action="resources",
        ref=view.ref,
        generation=view.row.generation,
        needs=needs("resources", key.kind),
        title=f"Set resources of container {box.name} of {view.where}",
        facts=(*facts(session, view.ref), ("container", box.name)),
        diff=differences(old, new),
        warnings=_meets(view, {**box.values, **answer[1]}),
        says=f"set the resources of container {box.name} in {key.kind}/{key.name}",
        doing=f"Setting the resources of container {box.name} of {view.words}",
        accepted="The server accepted the new values",
        write=partial(_write, view, box, wanted),
        applied=lambda there: _has(there, box.name, wanted),
        data={"container": box.name, "to": new},
        known=view.there["metadata"],
        nothing=""
        if wanted
        else f"Container {box.name} of {view.words} has these values already: nothing was written",
    )


def _meets(view: WorkloadView, values: Values) -> tuple[str, ...]:
    found = ["Every pod is replaced by one with these values."]
    for name in ("cpu", "memory"):
        asked, most = (quantity(values.get(f"{part}.{name}", "")) for part in ("requests", "limits"))
        if asked is not None and most is not None and asked > most:
            found.append(f"The {name} request is above its limit: the server will refuse that.")
    if isinstance(view.row, DeploymentRow) and view.row.paused:
        found.append("It is paused: the new values wait until it is resumed.")
    return (*found, *slow_to_follow(view.row), *view.notes)


def _write(view: WorkloadView, box: ContainerResources, wanted: Values, version: str) -> Write:
    resources: dict[str, dict[str, str | None]] = {}
    for field, value in wanted.items():
        part, _, name = field.partition(".")
        resources.setdefault(part, {})[name] = value or None
    template = {"spec": {"containers": [{"name": box.name, "resources": resources}]}}
    return Write(
        "PATCH",
        object_path(view.ref.key),
        {"metadata": {"resourceVersion": version, "annotations": NO_CAUSE}, "spec": {"template": template}},
        f"set the resources of container {box.name} of {view.words}",
        content_type="application/strategic-merge-patch+json",
        uid=view.ref.uid,
        before={"container": box.name, **{field: box.values.get(field, "") for field in wanted}},
        after={"container": box.name, **wanted},
    )


def _has(there: Json, name: str, wanted: Values) -> bool:
    return any(
        box.name == name and not _apart(box, wanted) for box in container_resources(there["spec"]["template"])
    )


async def outcome(run: Run, view: WorkloadView, answer: Chosen, wait: float | None) -> Ending:
    """Until the pods that run have these values."""
    if isinstance(view.row, DeploymentRow) and view.row.paused:
        return Ending(True, False, (f"{view.words} has the new values, which wait until it is resumed.",))
    following = Following(
        view.ref,
        view.row.generation + 1,
        view.selector,
        reached=f"{view.words} runs with the new values",
        accepted=f"{view.words} has the new values",
        holds=lambda there: _has(there, answer[0], answer[1]),
    )
    return await follow(run, following, wait)


def _answer(view: WorkloadView, given: Given) -> Chosen:
    box = container(view, given["container"])
    return box.name, amounts(given)


def _now(view: WorkloadView, after: Json) -> Json:
    box = container(view, str(after["container"]))
    apart = _apart(box, {field: str(after[field]) for field in FIELDS if field in after})
    return {
        field: box.values.get(field, "") if field in apart else after[field]
        for field in after
        if field in FIELDS
    }


def _before(view: WorkloadView, before: Json) -> Chosen:
    return str(before["container"]), {field: str(before[field]) for field in FIELDS if field in before}


def _then(view: WorkloadView, before: Json) -> str:
    told = ", ".join(f"{field} {before[field] or 'not set'}" for field in FIELDS if field in before)
    return f"at {told}"


def _leads(view: WorkloadView, given: Given) -> Leads:
    name, wanted = _answer(view, given)
    box = container(view, name)
    if not _apart(box, wanted):
        return Leads(same="these are the values it has")
    return Leads(_meets(view, {**box.values, **wanted}))


SPEC: Spec[WorkloadView, Chosen] = Spec(
    read=read,
    answer=_answer,
    title=lambda view, answer: f"Set resources of container {answer[0]} of {in_words(view.ref.key)}",
    change=change,
    outcome=outcome,
    back=SetBack(now=_now, answer=_before, then=_then),
    arguments=ARGUMENTS,
    check=any_amount,
    fields=lambda view: containers_form(container_resources(view.template)),
    leads=_leads,
)
