"""Real clusters for tests: one of each kind, booted when the first test asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from . import build
from .assets import Assets
from .cluster import ControlPlane
from .commanding import Command
from .golang import BuildError

Boot = Callable[..., ControlPlane]


@pytest.fixture(scope="package")
def control_plane_assets(request: pytest.FixtureRequest) -> Assets:
    """The programs, built on first use with the progress on the terminal. Not having them is a failure."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def report(text: str) -> None:
        with capture.global_and_fixture_disabled():
            build.say(text)

    try:
        return build.ensure(report)
    except BuildError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="package")
def boot_for_all(control_plane_assets: Assets) -> Iterator[Boot]:
    """Boot a control plane that several modules share; it is stopped once the last test of the package is done."""
    with _booting(control_plane_assets) as boot:
        yield boot


@pytest.fixture(scope="module")
def boot(control_plane_assets: Assets) -> Iterator[Boot]:
    """Boot a control plane with options of its own; it is stopped at the end of the module.

    One that has nothing to do still takes a tenth of a core and a dozen of the user's inotify instances.
    """
    with _booting(control_plane_assets) as boot:
        yield boot


@contextmanager
def _booting(assets: Assets) -> Iterator[Boot]:
    running: list[ControlPlane] = []

    def start(name: str, **options: Any) -> ControlPlane:
        cluster = ControlPlane(name, assets=assets, **options)
        running.append(cluster)
        return cluster.start()

    try:
        yield start
    finally:
        for cluster in running:
            cluster.stop()


@pytest.fixture(scope="package")
def cluster(boot_for_all: Boot) -> ControlPlane:
    """Three nodes, metrics, RBAC, etcd. Shared: use a namespace of your own and undo what you break."""
    return boot_for_all("plant", metrics=True)


@pytest.fixture(scope="package")
def two_clusters(cluster: ControlPlane, boot_for_all: Boot) -> tuple[ControlPlane, ControlPlane]:
    """``cluster`` and a second one without metrics."""
    return cluster, boot_for_all("vehicle", nodes=2)


@pytest.fixture(scope="package")
def cluster_rbac_off(boot_for_all: Boot) -> ControlPlane:
    """Everybody who is authenticated may do everything, as MicroK8s is installed."""
    return boot_for_all("rbac-off", nodes=1, authorization="AlwaysAllow")


@pytest.fixture(scope="package")
def cluster_kine(boot_for_all: Boot) -> ControlPlane:
    """Stored in SQLite through kine, as K3s is installed."""
    return boot_for_all("kine", nodes=1, storage="kine")


@pytest.fixture(scope="package")
def cluster_no_watchlist(boot_for_all: Boot) -> ControlPlane:
    """Without streaming lists, as servers before 1.34."""
    return boot_for_all("no-watchlist", nodes=1, feature_gates={"WatchList": False})


@pytest.fixture
def namespace(cluster: ControlPlane) -> Iterator[str]:
    """A namespace in ``cluster`` for one test."""
    with cluster.namespace() as name:
        yield name


@pytest.fixture
def command(
    cluster: ControlPlane,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Commands on that namespace, which keep their record under ``tmp_path``."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return Command(capsys, "--kubeconfig", str(cluster.kubeconfig()), "-n", namespace)
