"""Every action there is: its key, its words and the rights it needs. Help, footer and greyed keys are made of this."""

from __future__ import annotations

import msgspec

from edgetui.actions.messages import Refusal


class Access(msgspec.Struct, frozen=True):
    """One right on one resource, as a SelfSubjectAccessReview asks for it; "" is the core group.

    `named` is true when the right is about the one object that the action is aimed at, so that rights narrowed by
    resourceNames count.
    """

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""
    named: bool = True

    @property
    def words(self) -> str:
        """The right as a person reads it: "update deployments/scale"."""
        return f"{self.verb} {self.resource}{f'/{self.subresource}' if self.subresource else ''}"


class Action(msgspec.Struct, frozen=True):
    """One thing a key or a command can do. One without a key is reached through another one.

    `kinds` are the Kubernetes kinds whose rows it works on; empty for an action on the cluster's own credential.
    `needs` are the rights per kind (under "" when `kinds` is empty); `verbs` are the same in words.
    `danger` is true when the action can stop what runs or lock a person out. `front` are those that a short footer
    still has room for.
    """

    id: str
    key: str
    label: str
    help: str
    needs: dict[str, tuple[Access, ...]]
    danger: bool = False
    front: bool = False

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(kind for kind in self.needs if kind)

    @property
    def verbs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(a.words for needs in self.needs.values() for a in needs))


def _scale(resource: str) -> tuple[Access, ...]:
    return (Access("update", resource, "apps", "scale"), Access("get", resource, "apps"))


def _rollback(resource: str, history: str) -> tuple[Access, ...]:
    return (
        Access("patch", resource, "apps"),
        Access("get", resource, "apps"),
        Access("list", history, "apps", named=False),
    )


def _template(resource: str) -> tuple[Access, ...]:
    return (Access("patch", resource, "apps"), Access("get", resource, "apps"))


_PAUSE = {"Deployment": _template("deployments")}
_ROLLBACK = {
    "Deployment": _rollback("deployments", "replicasets"),
    "StatefulSet": _rollback("statefulsets", "controllerrevisions"),
    "DaemonSet": _rollback("daemonsets", "controllerrevisions"),
}
_TEMPLATE = {
    "Deployment": _template("deployments"),
    "StatefulSet": _template("statefulsets"),
    "DaemonSet": _template("daemonsets"),
}
_KEDA: dict[str, tuple[Access, ...]] = {
    kind: (
        Access("patch", "scaledobjects", "keda.sh"),
        Access("list", "scaledobjects", "keda.sh", named=False),
        Access("get", plural, "apps", named=False),
    )
    for kind, plural in (
        ("Deployment", "deployments"),
        ("StatefulSet", "statefulsets"),
        ("ReplicaSet", "replicasets"),
    )
}
_GUARD = {kind: (*rights, Access("list", "pods", named=False)) for kind, rights in _ROLLBACK.items()}


ACTIONS: dict[str, Action] = {
    action.id: action
    for action in (
        Action(
            "scale",
            "s",
            "scale",
            "Set how many replicas run, at the version that is shown; says who else owns the number.",
            {
                "Deployment": _scale("deployments"),
                "StatefulSet": _scale("statefulsets"),
                "ReplicaSet": _scale("replicasets"),
            },
            front=True,
        ),
        Action(
            "bounds",
            "e",
            "edit bounds",
            "Set the minimum and maximum of an autoscaler; says what it would do with them at the present load.",
            {
                "HorizontalPodAutoscaler": (
                    Access("patch", "horizontalpodautoscalers", "autoscaling"),
                    Access("get", "horizontalpodautoscalers", "autoscaling"),
                )
            },
            front=True,
        ),
        Action(
            "keda-pause",
            "",
            "pause KEDA",
            "Hold a number that KEDA owns, or the one there is, until KEDA is to go on.",
            _KEDA,
        ),
        Action("keda-unpause", "", "unpause KEDA", "Let KEDA scale again what is paused.", _KEDA),
        Action(
            "resize",
            "a",
            "resize",
            "Give a container of a running pod another cpu and memory in place; says what its node answers.",
            {"Pod": (Access("patch", "pods", "", "resize"), Access("get", "pods"))},
        ),
        Action(
            "rollback",
            "b",
            "roll back",
            "Go back to an earlier revision; the one that last worked is offered first.",
            _ROLLBACK,
            danger=True,
            front=True,
        ),
        Action(
            "guard",
            "g",
            "guard",
            "Watch a rollout and roll it back when it proves to be bad; the same key cancels.",
            _GUARD,
            danger=True,
        ),
        Action(
            "rotate",
            "t",
            "rotate token",
            "Get a new service-account token, prove it, put it in the kubeconfig file and end the old one.",
            {
                "": (
                    Access("create", "serviceaccounts", "", "token"),
                    Access("create", "secrets", named=False),
                    Access("delete", "secrets", named=False),
                )
            },
            danger=True,
            front=True,
        ),
        Action(
            "pause",
            "p",
            "pause",
            "Pause or resume a deployment: while it is paused, a new template waits.",
            _PAUSE,
        ),
        Action("resume", "", "resume", "Let what waited in a paused deployment roll out.", _PAUSE),
        Action(
            "restart",
            "r",
            "restart",
            "Replace every pod by a new one of the same template, in the order of the update strategy.",
            _TEMPLATE,
            danger=True,
        ),
        Action(
            "image",
            "i",
            "set image",
            "Set the image of a container; the difference and whether nodes have it are shown before.",
            _TEMPLATE,
            danger=True,
        ),
        Action(
            "cancel",
            "x",
            "cancel rollout",
            "Stop a half-done rollout: back to the template that served before.",
            _ROLLBACK,
            danger=True,
        ),
        Action(
            "undo",
            "u",
            "undo",
            "Take back what edgetui did last to an object, while that is still as edgetui left it; "
            "needs the rights of what it takes back.",
            {
                kind: (Access("get", plural, group),)
                for kind, plural, group in (
                    ("Deployment", "deployments", "apps"),
                    ("StatefulSet", "statefulsets", "apps"),
                    ("DaemonSet", "daemonsets", "apps"),
                    ("ReplicaSet", "replicasets", "apps"),
                    ("HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling"),
                    ("Pod", "pods", ""),
                )
            },
            danger=True,
        ),
        Action(
            "unstick",
            "",
            "delete the pod",
            "Delete the pod of an older revision that holds an ordered stateful set up.",
            {
                "StatefulSet": (
                    Access("delete", "pods", named=False),
                    Access("list", "pods", named=False),
                    Access("get", "statefulsets", "apps", named=False),
                )
            },
            danger=True,
        ),
    )
}


def needs(action: str, kind: str = "") -> tuple[Access, ...]:
    """The rights that an action needs for a kind; raises Refusal when it does not work on that kind."""
    known = ACTIONS[action]
    if kind not in known.needs:
        raise Refusal(
            f"{known.label.capitalize()} does not work on a {kind}.",
            f"It works on {', '.join(sorted(known.kinds))}." if known.kinds else "",
        )
    return known.needs[kind]
