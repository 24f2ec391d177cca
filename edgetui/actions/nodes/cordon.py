"""Cordon and uncordon: whether the scheduler puts new pods on a node. Pods that run there stay."""

from __future__ import annotations

from collections.abc import Iterator

from edgetui.actions.change.switch import Side, Switch, SwitchView
from edgetui.actions.session import Session
from edgetui.model.cache.freshness import Sync
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.text import plural


def _warnings(session: Session, view: SwitchView, cordoned: bool) -> list[str]:
    assert isinstance(view.row, NodeRow)
    if not cordoned:
        return [] if view.row.is_ready else ["It is not ready: pods are scheduled to it only once it is."]
    stay = "Pods that run on it stay; pods of a DaemonSet are scheduled to it all the same."
    return [stay, *_alone(session, view.row.name)]


def _alone(session: Session, name: str) -> Iterator[str]:
    """How many nodes take new pods then, where nodes are watched anyway."""
    if session.store is None or session.store.freshness(NODE).sync is not Sync.LIVE:
        return
    rows = [row for row in session.store.rows(NODE) if isinstance(row, NodeRow)]
    left = sum(row.name != name and row.is_ready and not row.cordoned for row in rows)
    if left:
        yield f"{plural(left, 'other node')} {'takes' if left == 1 else 'take'} new pods then."
    else:
        yield "No other node takes new pods: what ends is not made anew anywhere."


CORDON = Switch(
    "unschedulable",
    true=Side("cordon", "Cordon", "Cordoning", "cordoned"),
    false=Side("uncordon", "Uncordon", "Uncordoning", "schedulable"),
    warns=_warnings,
    example="for example node/line-2-a",
    omitted=True,
)
SPEC = CORDON.spec
