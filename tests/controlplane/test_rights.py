"""Rights on a real API server: a Role with resourceNames is enough, and the Role that is printed is what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.gate.permissions import Permissions
from edgetui.actions.messages import Refusal
from edgetui.actions.rollout import restart
from edgetui.actions.scaling import scale
from edgetui.cluster.api.client import Api

from . import workloads as w
from .acting import Acting, connected, named
from .cluster import ControlPlane

ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: only-press}
rules:
- {apiGroups: [apps], resources: [deployments/scale], resourceNames: [press], verbs: [update]}
- {apiGroups: [apps], resources: [deployments], resourceNames: [press], verbs: [get]}
"""


async def test_a_role_with_resource_names_scales_what_it_names_and_nothing_else(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    for name in ("press", "weld"):
        cluster.create(namespace, w.deployment(name, replicas=1))
    (tmp_path / "role.yaml").write_text(ROLE)
    cluster.kubectl("apply", "-n", namespace, "-f", str(tmp_path / "role.yaml"))
    file = cluster.service_account_kubeconfig(namespace, "technician", role="view")
    bound = ("--role", "only-press", "--serviceaccount", f"{namespace}:technician", "-n", namespace)
    cluster.kubectl("create", "rolebinding", "only-press", *bound)
    acting = Acting(tmp_path)
    async with connected(file) as session:
        view = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
        assert (await scale.perform(acting.gate, session, view, 2, wait=30)).ok
        view = await scale.prepare(session, named(session, "Deployment", namespace, "weld"))
        with pytest.raises(Refusal, match="may not update deployments/scale"):
            await scale.perform(acting.gate, session, view, 2, wait=30)


async def test_the_role_that_is_printed_is_all_that_was_missing_and_counts_at_the_next_try(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press", replicas=1))
    file = cluster.service_account_kubeconfig(namespace, "trainee", role="view")
    acting = Acting(tmp_path)
    async with connected(file) as session:
        view = await restart.prepare(session, named(session, "Deployment", namespace, "press"))
        with pytest.raises(Refusal) as refused:
            await restart.perform(acting.gate, session, view, wait=30)
        made = yaml.safe_load("\n".join(refused.value.paste))
        (tmp_path / "role.yaml").write_text("\n".join(refused.value.paste))
        cluster.kubectl("apply", "-f", str(tmp_path / "role.yaml"))
        bound = (
            "--role",
            made["metadata"]["name"],
            "--serviceaccount",
            f"{namespace}:trainee",
            "-n",
            namespace,
        )
        cluster.kubectl("create", "rolebinding", "pasted", *bound)
        view = await restart.prepare(session, named(session, "Deployment", namespace, "press"))
        assert (await restart.perform(acting.gate, session, view, wait=30)).ok


@pytest.mark.parametrize("role", ["view", "edit"])
async def test_over_a_slow_link_one_answer_tells_the_rights_that_reviews_tell(
    cluster: ControlPlane, namespace: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = cluster.service_account_kubeconfig(namespace, role, role=role)
    wanted = [action for action in ACTIONS.values() if "Deployment" in action.needs]
    found = {}
    for far in (False, True):

        async def is_far(api: Api, far: bool = far) -> bool:
            return far

        monkeypatch.setattr(Api, "is_far", is_far)
        async with connected(file) as session:
            key = named(session, "Deployment", namespace, "press").key
            permissions, counters = Permissions(lambda: 1000.0), session.api.transport.counters
            await permissions.foresee(session, wanted, key)
            known = {one.id: permissions.known(session.name, one, key) for one in wanted}
            assert all(one.known for one in known.values())
            found[far] = {name: one.words for name, one in known.items()}
            assert (counters.requests == 1) is far
    assert found[True] == found[False]
    assert ("patch deployments" in found[True]["restart"]) is (role == "view")
