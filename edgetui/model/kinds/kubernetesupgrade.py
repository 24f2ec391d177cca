"""KubernetesUpgrades of tuppr (tuppr.home-operations.com/v1alpha1): the Kubernetes of a Talos cluster, as a whole.

Its types are api/v1alpha1/kubernetesupgrade_types.go of tuppr.
"""

from __future__ import annotations

from edgetui.model.kinds.base import Kind
from edgetui.model.kinds.talosupgrade import TupprMeta, WireTalosVersion, stage_of
from edgetui.model.kinds.update import MOST_TEXT, UpdateRow, facts, names, on_disk
from edgetui.model.kinds.wire import Wire, labelled, shared
from edgetui.model.text import clean

KUBERNETES_UPGRADE = "KubernetesUpgrade"


class WireKubernetesSpec(Wire):
    kubernetes: WireTalosVersion | None = None


class WireKubernetesStatus(Wire):
    phase: str | None = None
    message: str | None = None
    controller_node: str | None = None
    target_version: str | None = None
    last_error: str | None = None


class WireKubernetesUpgrade(Wire):
    """A KubernetesUpgrade as it arrives."""

    metadata: TupprMeta | None = None
    spec: WireKubernetesSpec | None = None
    status: WireKubernetesStatus | None = None


class KubernetesUpgradeRow(UpdateRow):
    """A KubernetesUpgrade. `running` is the control-plane node from which it is carried out."""

    engine: str = "tuppr"


def project(upgrade: WireKubernetesUpgrade) -> KubernetesUpgradeRow:
    """The row of a KubernetesUpgrade."""
    spec, status = upgrade.spec or WireKubernetesSpec(), upgrade.status or WireKubernetesStatus()
    wanted = spec.kubernetes.version if spec.kubernetes else None
    phase = clean(status.phase, 40)
    stage = stage_of(upgrade.metadata, phase)
    return KubernetesUpgradeRow(
        **labelled(upgrade.metadata),
        target=shared(clean(wanted or status.target_version, 60)),
        stage=stage,
        phase=phase,
        message=clean(status.last_error or status.message, MOST_TEXT),
        running=names((status.controller_node,)) if phase not in ("", "Completed", "Failed") else (),
    )


KIND = Kind(
    name=KUBERNETES_UPGRADE,
    plural="kubernetesupgrades",
    group="tuppr.home-operations.com",
    version="v1alpha1",
    namespaced=False,
    wire=WireKubernetesUpgrade,
    row=KubernetesUpgradeRow,
    project=project,
    snapshot=on_disk,
    facts=facts,
)
