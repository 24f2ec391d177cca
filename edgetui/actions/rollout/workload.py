"""A Deployment, StatefulSet or DaemonSet as it is now: what the actions on its template and its rollout look at."""

from __future__ import annotations

from edgetui.actions import commandline
from edgetui.actions.catalogue import needs
from edgetui.actions.change.precondition import in_words, read
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.rollout.revisions import selector
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.daemonset import BY_SITE, DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.redacted import Discreet

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

Templated = DeploymentRow | StatefulSetRow | DaemonSetRow


class WorkloadView(Discreet, frozen=True):
    """A workload that was read. `ref` carries the uid and version that a write will insist on.

    `selector` finds its pods, `there` is the whole object, `notes` are sentences about who else writes it.
    """

    SHOWN = ("ref",)

    ref: ObjectRef
    row: Templated
    selector: str
    there: Json
    notes: tuple[str, ...]

    @property
    def words(self) -> str:
        """The object as a person says it."""
        return in_words(self.ref.key)

    @property
    def template(self) -> Json:
        """The pod template; it may hold secrets."""
        template: Json = self.there["spec"]["template"]
        return template

    @property
    def where(self) -> str:
        """The object with its place: "deployment press in line-2 on plant"."""
        return f"{self.words} in {self.ref.key.namespace} on {self.ref.key.cluster}"


async def read_workload(session: Session, action: str, ref: ObjectRef) -> WorkloadView:
    """Read the object for an action. Raises Refusal when the action does not work on it, or it is gone."""
    needs(action, ref.key.kind)
    there = await read(session, ref)
    row = row_of(ref.key.kind, there)
    assert isinstance(row, Templated)
    return WorkloadView(
        ref=ObjectRef(ref.key, row.uid, row.resource_version),
        row=row,
        selector=selector(there["spec"].get("selector") or {}),
        there=there,
        notes=others(there),
    )


def refuse_paused(session: Session, view: WorkloadView, why: str) -> None:
    """Raise Refusal for a paused Deployment, with the command that resumes it."""
    if isinstance(view.row, DeploymentRow) and view.row.paused:
        raise Refusal(
            f"{view.words.capitalize()} is paused: {why}.",
            f"Resume it first: {commandline.edgetui(session.target, 'resume', view.ref.key)}",
        )


def others(there: Json) -> tuple[str, ...]:
    """Who else writes the object and may bring their own version back, beside the tools of `model/owner`."""
    metadata = there["metadata"]
    notes = [
        f"It belongs to {one['kind']} {one['name']}, whose controller may bring its own version back."
        for one in metadata.get("ownerReferences") or []
        if one.get("controller")
    ]
    if LAST_APPLIED in (metadata.get("annotations") or {}):
        notes.append("It was made with kubectl apply: applying the same file again undoes this.")
    return tuple(notes)


def _is_updated(row: Templated) -> bool:
    """Whether something else deletes the old pods of a workload whose strategy is OnDelete."""
    return isinstance(row, DaemonSetRow) and bool(row.updated_by)


def slow_to_follow(row: Templated) -> tuple[str, ...]:
    """Which pods a new template does not reach by itself, as sentences."""
    if isinstance(row, DaemonSetRow) and row.updated_by == BY_SITE:
        return ("OpenYurt updates it over the air: each pod keeps what it runs until its site asks for it.",)
    if not isinstance(row, DeploymentRow) and row.strategy == "OnDelete" and not _is_updated(row):
        return ("Its update strategy is OnDelete: each pod keeps what it runs until you delete it.",)
    if isinstance(row, StatefulSetRow) and row.partition:
        return (f"Its partition is {row.partition}: pods below ordinal {row.partition} keep what they run.",)
    return ()
