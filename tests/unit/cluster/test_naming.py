"""What clusters are called: what a person named stays readable and tells them apart, everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.cluster.kubeconfig.names import MAX_NAME, name_fleet, own_name
from edgetui.cluster.target import ClusterTarget
from edgetui.model.cells import cells, told_apart

EKS = "arn:aws:eks:{}:{}:cluster/{}"


def target(
    context: str, file: str = "/home/x/.kube/config", cluster: str = "", server: str = ""
) -> ClusterTarget:
    return ClusterTarget(
        name=context, context=context, context_file=Path(file), cluster_name=cluster or context, server=server
    )


def named(*targets: ClusterTarget) -> list[str]:
    return [one.name for one in name_fleet(targets)]


@pytest.mark.parametrize(
    ("context", "name"),
    [
        (EKS.format("eu-central-1", "000000000000", "shop-floor-line-1"), "shop-floor-line-1"),
        ("arn:aws-cn:eks:cn-north-1:000000000000:cluster/press", "press"),
        ("arn:aws-us-gov:eks:us-gov-west-1:000000000000:cluster/press", "press"),
        ("gke_plant-project_europe-west3-a_line-1", "line-1"),
        ("connectgateway_plant-project_global_line-1", "line-1"),
        ("kim@line-1.eu-central-1.eksctl.io", "line-1"),
        ("press/api-plant-example-com:6443/kim", "plant-example-com"),
        ("/api-plant-example-com:6443/kim", "plant-example-com"),
        ("default/10-0-0-7:6443/system:admin", "10-0-0-7"),
        ("plant", "plant"),
        ("kim@plant", "kim@plant"),
        ("a/b/c", "a/b/c"),
    ],
)
def test_a_name_that_a_tool_composed_is_the_part_that_a_person_chose(context: str, name: str) -> None:
    assert own_name(target(context)) == name
    assert named(target(context)) == [name]


def test_the_same_cluster_name_in_two_regions_or_accounts_says_which() -> None:
    regions = [
        target(EKS.format(region, "000000000000", "line-1")) for region in ("eu-central-1", "eu-west-1")
    ]
    assert named(*regions) == ["line-1 (eu-central-1)", "line-1 (eu-west-1)"]
    accounts = [
        target(EKS.format("eu-central-1", account, "line-1")) for account in ("000000000001", "000000000002")
    ]
    assert named(*accounts) == ["line-1 (000000000001)", "line-1 (000000000002)"]


def test_two_projects_of_one_openshift_cluster_say_which() -> None:
    both = [target(f"{project}/api-plant-example-com:6443/kim") for project in ("press", "oven")]
    assert named(*both) == ["plant-example-com (press)", "plant-example-com (oven)"]


@pytest.mark.parametrize("context", ["default", "kubernetes-admin@kubernetes"])
def test_twenty_contexts_that_say_nothing_are_called_as_their_directories(context: str) -> None:
    fleet = [
        target(context, f"/fleet/site-{at:02d}/kubeconfig", "default", "https://127.0.0.1:6443")
        for at in range(20)
    ]
    assert named(*fleet) == [f"site-{at:02d}" for at in range(20)]


def test_a_directory_that_says_nothing_does_not_become_a_name() -> None:
    fleet = [
        target("default", f"/fleet/{at}/config", "default", "https://127.0.0.1:6443") for at in ("admin", "b")
    ]
    assert len(set(named(*fleet))) == 2
    assert named(*fleet)[0] == "default (admin)"


def test_names_that_are_too_long_lose_what_they_share() -> None:
    long = "production-environment-of-the-european-frankfurt-data-centre-line-"
    names = named(target(long + "1"), target(long + "2"), target("plant"))
    assert names[0].endswith("line-1")
    assert names[1].endswith("line-2")
    assert names[2] == "plant"
    assert all(cells(name) <= MAX_NAME for name in names)


FLEETS = {
    "eks": [EKS.format("eu-central-1", "000000000000", f"shop-floor-line-{at}") for at in (1, 2)],
    "gke": [f"gke_plant-project_europe-west3-a_line-{at}" for at in (1, 2)],
    "openshift": [f"press/api-plant{at}-example-com:6443/kim" for at in (1, 2)],
    "by hand": [f"production-eu-central-1-frankfurt-plant-a-line-{at}" for at in range(1, 40)],
    "in the middle": [f"production-line-{at}-eu-central-1-frankfurt-plant-a" for at in range(1, 40)],
}


@pytest.mark.parametrize("contexts", FLEETS.values(), ids=FLEETS.keys())
@pytest.mark.parametrize("width", [6, 8, 18])
def test_in_a_column_of_any_width_no_two_clusters_are_called_the_same(
    contexts: list[str], width: int
) -> None:
    names = named(*map(target, contexts))
    assert len(set(names)) == len(names)
    assert len(set(told_apart(names, width))) == len(names)
