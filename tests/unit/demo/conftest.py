"""Fixtures of the demo tests: a cluster on virtual time, and the real server process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgetui.demo.launcher import Fleet
from tests.unit.demo.bench import Bench
from tests.unit.demo.wire import Wire


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="package")
def fleet_kubeconfig() -> Iterator[Path]:
    """A served fleet of three sites whose links stay up."""
    with Fleet(3, 0, outages=False) as fleet:
        yield fleet.ready()


@pytest.fixture
def plant(fleet_kubeconfig: Path) -> Wire:
    """K3s with every modern gate, and RBAC."""
    return Wire(fleet_kubeconfig, "plant")


@pytest.fixture
def van(fleet_kubeconfig: Path) -> Wire:
    """MicroK8s without streaming lists, and without RBAC."""
    return Wire(fleet_kubeconfig, "van-17")


@pytest.fixture
def farm(fleet_kubeconfig: Path) -> Wire:
    return Wire(fleet_kubeconfig, "farm")
