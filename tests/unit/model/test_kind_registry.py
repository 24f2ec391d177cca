"""The kinds of a cluster: those with a file here, loaded when asked for, and those that it was found to serve."""

from __future__ import annotations

import subprocess
import sys

import pytest
from msgspec.structs import replace

from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import FIRST_PAINT, KINDS, Kinds, kind_word, paint_order
from edgetui.model.kinds.base import Kind, Row, Watched
from edgetui.model.kinds.service import KIND as SERVICE


def served(name: str, group: str, plural: str = "", **more: object) -> Kind:
    """A kind as discovery makes it."""
    made = replace(SERVICE, name=name, group=group, plural=plural or f"{name.lower()}s", short_names=())
    return replace(made, discovered=True, owns=None, **more)


def registry(*kinds: Kind) -> Kinds:
    made = Kinds()
    made.replace_discovered({kind.id: kind for kind in kinds})
    return made


def test_a_kind_with_a_file_is_named_by_its_word_and_another_by_its_group_too() -> None:
    assert all(id == kind.id == (kind.alias or kind.name) for id, kind in KINDS.items())
    assert served("Pump", "example.com").id == "Pump.example.com"
    assert served("ConfigMap", "").id == "ConfigMap"


def test_two_kinds_of_one_name_are_two() -> None:
    ours, theirs = served("Cluster", "hub.example.com"), served("Cluster", "fleet.example.com")
    kinds = registry(ours, theirs)
    store = Store("plant", kinds)
    for kind in (ours, theirs):
        row = Row(namespace="d", name="a", uid=kind.group, resource_version="1")
        assert store.apply(kind.id, row)
    keys = {ObjectKey("plant", kind.id, "d", "a") for kind in (ours, theirs)}
    assert {found.uid for key in keys if (found := store.get(*key[1:]))} == {ours.group, theirs.group}
    assert {kinds[key.kind].path(key.namespace, key.name) for key in keys} == {
        "/apis/hub.example.com/v1/namespaces/d/clusters/a",
        "/apis/fleet.example.com/v1/namespaces/d/clusters/a",
    }


def test_what_one_cluster_serves_is_not_known_on_another() -> None:
    here, there = registry(served("Pump", "example.com")), Kinds()
    assert "Pump.example.com" in here
    assert "Pump.example.com" not in there
    with pytest.raises(KeyError):
        there["Pump.example.com"]
    here.replace_discovered({})
    assert "Pump.example.com" not in here


def test_discovery_does_not_replace_a_kind_that_has_a_file() -> None:
    kinds = registry(
        replace(served("Service", ""), discovered=False), served("Service", "serving.example.dev")
    )
    assert kinds["Service"] is SERVICE
    assert kinds["Service.serving.example.dev"].group == "serving.example.dev"


@pytest.mark.parametrize(
    ("word", "id"),
    [
        ("deploy", "Deployment"),
        ("deployments", "Deployment"),
        ("Deployment", "Deployment"),
        ("deployments.apps", "Deployment"),
        ("deployment.v1.apps", "Deployment"),
        ("deployments.extensions", None),
        ("svc", "Service"),
        ("po", "Pod"),
        ("pumps", "Pump.example.com"),
        ("pump.example.com", "Pump.example.com"),
        ("Pump.example.com", "Pump.example.com"),
        ("pump.other.com", None),
        ("services.serving.example.dev", "Service.serving.example.dev"),
        ("nonsense", None),
        ("", None),
    ],
)
def test_a_kind_is_found_by_every_name_that_kubectl_takes(word: str, id: str | None) -> None:
    kinds = registry(served("Pump", "example.com"), served("Service", "serving.example.dev"))
    found = kinds.find(word)
    assert (found.id if found else None) == id


def test_an_owner_reference_names_a_kind_by_its_group() -> None:
    kinds = registry(served("Service", "serving.example.dev"), served("ConfigMap", ""))
    assert kinds.of("apps", "Deployment") is KINDS["Deployment"]
    assert kinds.of("", "Service") is SERVICE
    found = kinds.of("serving.example.dev", "Service")
    assert found is not None and found.discovered
    assert kinds.of("", "ConfigMap") is kinds["ConfigMap"]
    assert kinds.of("example.com", "Deployment") is None


def test_everything_that_a_kind_owns_is_known_whatever_lies_between() -> None:
    assert KINDS.chain("Deployment") == {"ReplicaSet", "Pod"}
    assert KINDS.chain("Pod") == frozenset()
    assert KINDS.chain("nonsense") == frozenset()


def test_a_sentence_says_a_kind_in_one_word() -> None:
    assert kind_word("Deployment") == "deployment"
    assert kind_word("HorizontalPodAutoscaler") == "autoscaler"
    assert kind_word("Pump.example.com") == "Pump"
    assert kind_word("base") == "base"


def test_the_kinds_of_every_screen_come_first() -> None:
    assert tuple(id for id, kind in KINDS.items() if kind.watched is not Watched.SHOWN) == FIRST_PAINT
    assert sorted(["Service", "Pod", "Event", "Node"], key=paint_order) == ["Node", "Pod", "Event", "Service"]


def test_a_kind_that_no_screen_shows_is_not_loaded() -> None:
    code = (
        "import sys; from edgetui.model.kinds import KINDS; KINDS['Pod']; KINDS.get('Service'); "
        "print(*sorted(m.rpartition('.')[2] for m in sys.modules if m.startswith('edgetui.model.kinds.')))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "service" in loaded
    assert "event" not in loaded


def test_the_files_of_kinds_loaded_late_are_named_after_them() -> None:
    for id in KINDS.keys() - set(FIRST_PAINT):
        assert sys.modules[f"edgetui.model.kinds.{id.lower()}"].KIND is KINDS[id]
