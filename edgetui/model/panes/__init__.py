"""The panes, in the order of the screen."""

from __future__ import annotations

from edgetui.model.panes.autoscalers import Autoscalers
from edgetui.model.panes.base import Pane
from edgetui.model.panes.events import Events
from edgetui.model.panes.nodes import Nodes
from edgetui.model.panes.pods import Pods
from edgetui.model.panes.rollouts import Rollouts
from edgetui.model.panes.services import Services

PANES: dict[str, Pane] = {
    pane.id: pane for pane in (Nodes(), Pods(), Autoscalers(), Rollouts(), Services(), Events())
}
