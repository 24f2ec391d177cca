"""Which programs a control plane needs, and where a copy of each is kept.

Every Go module under ``tools/`` has its own directory in the cache, named after its go.mod, go.sum, source and
build flags: changing one rebuilds only that one, and an unchanged tree never asks Go anything.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TOOLS_DIR = Path(__file__).parent / "tools"
KUBERNETES_VERSION = "v1.37.2"

_VERSION_PACKAGE = "k8s.io/component-base/version"
_MAJOR, _MINOR, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
_KUBERNETES_VARS = (
    f"{_VERSION_PACKAGE}.gitVersion={KUBERNETES_VERSION}",
    f"{_VERSION_PACKAGE}.gitMajor={_MAJOR}",
    f"{_VERSION_PACKAGE}.gitMinor={_MINOR}",
    f"{_VERSION_PACKAGE}.gitTreeState=clean",
)

BUILD_FLAGS = ("-mod=readonly", "-buildvcs=false", "-trimpath")


@dataclass(frozen=True, slots=True)
class Files:
    """Files of a Go module that are kept beside its programs: the module under ``tools/``, the Go module that it
    names, the directory in the cache, and the paths in the Go module.
    """

    module: str
    of: str
    directory: str
    paths: tuple[str, ...]

    @property
    def kept(self) -> Path:
        """Where the copies are."""
        return module_cache(self.module) / self.directory

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called there."""
        return tuple(Path(path).name for path in self.paths)

    @property
    def there(self) -> bool:
        """Whether every one of them has been copied."""
        return all((self.kept / name).is_file() for name in self.names)


KWOK_STAGES = Files(
    "kwok",
    "sigs.k8s.io/kwok",
    "stages",
    (
        "kustomize/stage/node/fast/node-initialize.yaml",
        "kustomize/stage/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
        "kustomize/stage/pod/fast/pod-complete.yaml",
        "kustomize/stage/pod/fast/pod-delete.yaml",
        "kustomize/metrics/resource/metrics-resource.yaml",
        "kustomize/metrics/usage/usage-from-annotation.yaml",
    ),
)
"""What a running kwok is started with."""
ARGO_KINDS = Files(
    "argo-rollouts",
    "github.com/argoproj/argo-rollouts",
    "kinds",
    tuple(
        f"manifests/crds/{name}-crd.yaml"
        for name in (
            "analysis-run",
            "analysis-template",
            "cluster-analysis-template",
            "experiment",
            "rollout",
        )
    ),
)
"""The kinds that the controller of Argo Rollouts watches."""
FILES = (KWOK_STAGES, ARGO_KINDS)


@dataclass(frozen=True, slots=True)
class Tool:
    """One program: its Go module under ``tools/``, its package, and how long a cold build takes."""

    name: str
    module: str
    package: str
    takes: str
    variables: tuple[str, ...] = ()
    cgo: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """What ``go build`` is told, apart from where to write and how many jobs to run."""
        linker = " ".join(["-s", "-w", *(f"-X {variable}" for variable in self.variables)])
        return (*BUILD_FLAGS, f"-ldflags={linker}")

    @property
    def module_dir(self) -> Path:
        """The directory with this tool's go.mod."""
        return TOOLS_DIR / self.module


def _kubernetes(name: str, takes: str) -> Tool:
    return Tool(name, "kubernetes", f"k8s.io/kubernetes/cmd/{name}", takes, _KUBERNETES_VARS)


def _argo(name: str, takes: str) -> Tool:
    return Tool(name, "argo-rollouts", f"github.com/argoproj/argo-rollouts/cmd/{name}", takes)


TOOLS = (
    _kubernetes("kube-apiserver", "about 4 min"),
    _kubernetes("kube-controller-manager", "about 1 min"),
    _kubernetes("kube-scheduler", "about 20 s"),
    _kubernetes("kubectl", "about 30 s"),
    Tool("etcd", "etcd", "go.etcd.io/etcd/server/v3", "about 30 s"),
    Tool("kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok", "about 1 min"),
    Tool("metrics-server", "metrics-server", "sigs.k8s.io/metrics-server/cmd/metrics-server", "about 2 min"),
    Tool("kine", "kine", "github.com/k3s-io/kine", "about 2 min", cgo=True),
    Tool("verdicts", "verdicts", ".", "about 30 s"),
    Tool("endpoints", "kube-proxy", ".", "about 1 min"),
    _argo("rollouts-controller", "about 5 min"),
    _argo("kubectl-argo-rollouts", "about 1 min"),
    Tool(
        "kube-proxy",
        "kube-proxy-server",
        "k8s.io/kubernetes/cmd/kube-proxy",
        "about 30 s",
        _KUBERNETES_VARS,
    ),
)


@dataclass(frozen=True, slots=True)
class Assets:
    """Programs by name, and the directories with kwok's own stage files and the kinds of Argo Rollouts."""

    programs: dict[str, Path]
    kwok_stages: Path
    argo_kinds: Path

    def __getitem__(self, name: str) -> str:
        return str(self.programs[name])


def cache_root() -> Path:
    """The cache outside the tree: ``$TEST_EDGETUI_CACHE``, else the platform's cache directory."""
    chosen = os.environ.get("TEST_EDGETUI_CACHE")
    if chosen:
        base = Path(chosen).expanduser()
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base.absolute() / "edgetui-controlplane"


def key(module: str) -> str:
    """What a module's build depends on, as 16 hex digits."""
    digest = hashlib.sha256()
    directory = TOOLS_DIR / module
    for file in (directory / "go.mod", directory / "go.sum", *sorted(directory.glob("*.go"))):
        digest.update(file.read_bytes())
    for tool in TOOLS:
        if tool.module == module:
            digest.update(repr((tool.name, tool.package, tool.flags, tool.cgo)).encode())
    return digest.hexdigest()[:16]


def module_cache(module: str) -> Path:
    """The cache directory of one module's current key."""
    return cache_root() / f"{module}-{key(module)}"


def provided() -> Path | None:
    """The directory of ready-made programs in ``$KUBEBUILDER_ASSETS``, if it is set."""
    chosen = os.environ.get("KUBEBUILDER_ASSETS")
    return Path(chosen).expanduser().absolute() if chosen else None


def locate(tool: Tool) -> Path | None:
    """The program if it is there: in ``$KUBEBUILDER_ASSETS`` first, then in the cache."""
    directories: list[Path] = [module_cache(tool.module) / "bin"]
    ready_made = provided()
    if ready_made is not None:
        directories.insert(0, ready_made)
    for directory in directories:
        program = directory / tool.name
        if program.is_file() and os.access(program, os.X_OK):
            return program
    return None


def find(tools: Iterable[Tool] = TOOLS) -> tuple[Assets, list[Tool]]:
    """What is there already, and the tools that are missing."""
    programs: dict[str, Path] = {}
    missing: list[Tool] = []
    for tool in tools:
        program = locate(tool)
        if program is None:
            missing.append(tool)
        else:
            programs[tool.name] = program
    return Assets(programs, KWOK_STAGES.kept, ARGO_KINDS.kept), missing
