"""What pods name, field by field, and objects of another shape than the API says."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.pod.references import pod_spec, references

ACCOUNT = ("ServiceAccount", "default", "by default")
APP = {"name": "app"}


def named(spec: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [tuple(one) for one in references(spec)]  # type: ignore[misc]


def container(**fields: Any) -> dict[str, Any]:
    return {"containers": [APP | fields]}


FIELDS: dict[str, tuple[dict[str, Any], list[tuple[str, str, str]]]] = {
    "nothing": ({}, [ACCOUNT]),
    "volume of a ConfigMap": (
        {"volumes": [{"name": "conf", "configMap": {"name": "press"}}]},
        [("ConfigMap", "press", "volume conf"), ACCOUNT],
    ),
    "volume of a Secret": (
        {"volumes": [{"name": "tls", "secret": {"secretName": "press-tls"}}]},
        [("Secret", "press-tls", "volume tls"), ACCOUNT],
    ),
    "a claim": (
        {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data-0"}}]},
        [("PersistentVolumeClaim", "data-0", "volume data"), ACCOUNT],
    ),
    "a projected volume": (
        {
            "volumes": [
                {
                    "name": "all",
                    "projected": {
                        "sources": [
                            {"configMap": {"name": "ca"}},
                            {"secret": {"name": "token"}},
                            {"downwardAPI": {}},
                        ]
                    },
                }
            ]
        },
        [("ConfigMap", "ca", "volume all"), ("Secret", "token", "volume all"), ACCOUNT],
    ),
    "the login of a storage system": (
        {
            "volumes": [
                {"name": "a", "azureFile": {"secretName": "azure"}},
                {"name": "b", "cephfs": {"secretRef": {"name": "ceph"}}},
                {"name": "c", "csi": {"nodePublishSecretRef": {"name": "csi"}}},
            ]
        },
        [
            ("Secret", "azure", "volume a"),
            ("Secret", "ceph", "volume b"),
            ("Secret", "csi", "volume c"),
            ACCOUNT,
        ],
    ),
    "all variables of one": (
        container(envFrom=[{"configMapRef": {"name": "env"}}, {"secretRef": {"name": "key"}}]),
        [("ConfigMap", "env", "envFrom of app"), ("Secret", "key", "envFrom of app"), ACCOUNT],
    ),
    "one variable": (
        container(
            env=[
                {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "env", "key": "a"}}},
                {"name": "B", "valueFrom": {"secretKeyRef": {"name": "key", "key": "b"}}},
                {"name": "C", "value": "plain"},
            ]
        ),
        [("ConfigMap", "env", "env A of app"), ("Secret", "key", "env B of app"), ACCOUNT],
    ),
    "containers of every sort": (
        {
            sort: [{"name": sort, "envFrom": [{"secretRef": {"name": "key"}}]}]
            for sort in ("ephemeralContainers", "containers", "initContainers")
        },
        [
            ("Secret", "key", "envFrom of initContainers"),
            ("Secret", "key", "envFrom of containers"),
            ("Secret", "key", "envFrom of ephemeralContainers"),
            ACCOUNT,
        ],
    ),
    "a pull secret": (
        {"imagePullSecrets": [{"name": "registry"}]},
        [("Secret", "registry", "imagePullSecrets"), ACCOUNT],
    ),
    "an account": ({"serviceAccountName": "press"}, [("ServiceAccount", "press", "serviceAccountName")]),
    "an account by its old name": (
        {"serviceAccount": "press"},
        [("ServiceAccount", "press", "serviceAccountName")],
    ),
}


@pytest.mark.parametrize("case", FIELDS)
def test_what_a_field_names(case: str) -> None:
    spec, found = FIELDS[case]
    assert named(spec) == found


ODD: list[Any] = [None, 7, "x", [], [None], [7], {}, {"x": None}, [{}], [{"name": None}], [{"name": 7}]]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(
    "field", ["volumes", "containers", "initContainers", "imagePullSecrets", "serviceAccountName"]
)
def test_an_odd_field_costs_itself_only(field: str, odd: Any) -> None:
    spec = {
        "volumes": [{"name": "conf", "configMap": {"name": "press"}}],
        "imagePullSecrets": [{"name": "registry"}],
    }
    kept = {("volumes", "press"), ("imagePullSecrets", "registry")}
    found = {name for kind, name, _ in named(spec | {field: odd}) if kind != "ServiceAccount"}
    assert found == {name for of, name in kept if of != field}


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("source", ["configMap", "secret", "persistentVolumeClaim", "projected", "csi"])
def test_an_odd_volume_costs_itself_only(source: str, odd: Any) -> None:
    volumes = [{"name": "odd", source: odd}, {"name": "conf", "configMap": {"name": "press"}}]
    assert ("ConfigMap", "press", "volume conf") in named({"volumes": volumes})


def test_the_pods_of_every_kind() -> None:
    spec = {"serviceAccountName": "press"}
    template = {"spec": {"template": {"spec": spec}}}
    assert pod_spec("Pod", {"spec": spec}) == spec
    assert pod_spec("Deployment", template) == spec
    assert pod_spec("CronJob", {"spec": {"jobTemplate": template}}) == spec
    for odd in ODD:
        assert pod_spec("Deployment", odd) == {}
        assert pod_spec("Deployment", {"spec": odd}) == {}
        assert pod_spec("CronJob", {"spec": {"jobTemplate": odd}}) == {}
