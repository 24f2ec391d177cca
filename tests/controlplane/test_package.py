"""The folder of `make package` on a host with a kernel, a shell and nothing else, against a real control plane."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from edgetui import __version__
from edgetui.commands import commands
from release import archive

from .bare_host import BareHost, inlined, made_here
from .cluster import ControlPlane
from .running import ROOT, Variant
from .test_exec import pod as pod

EDGETUI = "/opt/edgetui/edgetui"
AT_ONCE = ("--kubeconfig", "/tmp/plant.yaml", "--yes", "-n")
_IMPORT_ALL = """
import importlib, pathlib, sys
library = next(pathlib.Path(place) for place in sys.path if place.endswith("python3.11"))
for path in sorted([*library.rglob("*.pyc"), *library.rglob("*.so")]):
    words = [*path.relative_to(library).parent.parts, path.name.partition(".")[0]]
    words = [word for word in words if word not in ("lib-dynload", "__init__")]
    if words[0] != "encodings" and words[-1] != "__main__":
        importlib.import_module(".".join(words))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_here(tmp_path_factory.mktemp("package") / "work")[0]


@pytest.fixture(scope="module")
def host(folder: Path, cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> BareHost:
    from release.build import here

    bare = BareHost(tmp_path_factory.mktemp("bare") / "root", folder, here())
    inlined(Variant(cluster.kubeconfig()).named("plant")).write(bare.root / "tmp" / "plant.yaml")
    return bare


def test_it_starts_where_there_is_no_python_and_no_c_library(host: BareHost) -> None:
    assert sorted(path.name for path in host.root.iterdir()) == ["bin", "dev", "opt", "proc", "tmp"]
    done = host.run(EDGETUI, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"edgetui {__version__}\n", "")


def test_it_reads_a_real_cluster(host: BareHost, cluster: ControlPlane) -> None:
    done = host.run(EDGETUI, "once", "--json", "/tmp/plant.yaml")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [each["state"] for each in document["clusters"]] == ["live"]
    assert len(document["panes"]["nodes"]) >= 3


def test_the_screen_opens_and_ends(host: BareHost) -> None:
    with host.screen(EDGETUI, "/tmp/plant.yaml") as app:
        app.wait_for("plant", "live", timeout=60)
        app.keys("?")
        app.wait_for("help", timeout=30)
        app.keys("escape", "q")
        assert app.wait_exit(30) == 0


def test_every_module_that_stays_finds_what_it_imports(host: BareHost) -> None:
    """But encodings: those of East Asia lack their tables, and the launcher sees to it that none is asked for."""
    done = host.run("/opt/edgetui/bin/python", "-c", _IMPORT_ALL)
    assert done.returncode == 0, done.stderr


def test_every_command_has_its_help(host: BareHost) -> None:
    names = [command.name for command in commands() if command.name != "demo"]
    each = "\n".join(f"{EDGETUI} {name} --help >/dev/null || echo {name}" for name in (*names, "help"))
    done = host.run("sh", "-c", each)
    assert (done.stdout, done.stderr) == ("", "")


def test_any_locale_of_the_host_will_do(host: BareHost) -> None:
    for locale in ("C", "POSIX", "ja_JP.eucJP", "de_DE@euro", "no_such"):
        done = host.run(EDGETUI, "help", "doctor", env=(f"LC_ALL={locale}",))
        assert (done.returncode, done.stderr) == (0, ""), locale


def test_a_cluster_is_examined(host: BareHost) -> None:
    done = host.run(EDGETUI, "doctor", "/tmp/plant.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    done = host.run(EDGETUI, "--version", "--verbose")
    assert "textual" in done.stdout, done.stderr


def test_a_command_runs_in_a_container_and_files_are_copied(host: BareHost, namespace: str, pod: str) -> None:
    done = host.run(EDGETUI, "exec", *AT_ONCE, namespace, pod, "--", "sh", "-c", "echo here")
    assert (done.returncode, done.stdout) == (0, "here\n"), done.stderr
    there = host.root / "tmp" / "there"
    there.write_text("there\n")
    done = host.run(EDGETUI, "cp", *AT_ONCE, namespace, f"{pod}:{there}", "/tmp/copy")
    assert done.returncode == 0, done.stderr
    assert (host.root / "tmp" / "copy").read_text() == "there\n"
    done = host.run(EDGETUI, "cp", *AT_ONCE, namespace, "/tmp/copy", f"{pod}:{there}.again")
    assert done.returncode == 0, done.stderr
    assert Path(f"{there}.again").read_text() == "there\n"


def test_an_object_is_edited(host: BareHost, cluster: ControlPlane, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    cluster.api.create(
        path,
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "press"}, "data": {"mode": "slow"}},
    )
    done = host.run(
        EDGETUI, "edit", "cm/press", *AT_ONCE, namespace, env=("KUBE_EDITOR=/bin/sed -i s/slow/fast/",)
    )
    assert done.returncode == 0, done.stderr
    assert cluster.api.get(f"{path}/press")["data"] == {"mode": "fast"}


def test_it_starts_through_links_and_from_any_directory(host: BareHost) -> None:
    links = host.root / "usr" / "bin"
    links.mkdir(parents=True, exist_ok=True)
    (links / "edgetui").symlink_to("../../opt/edgetui/edgetui")
    (host.root / "bin" / "et").symlink_to("/usr/bin/edgetui")
    for words in (["et"], ["/usr/bin/edgetui"], ["sh", "-c", "cd /opt && edgetui/edgetui --version", "sh"]):
        assert host.run(*words, "--version").stdout == f"edgetui {__version__}\n", words


def test_programs_that_it_starts_inherit_nothing_of_it_and_its_own_are_started_the_same_way(
    host: BareHost, cluster: ControlPlane
) -> None:
    variant = inlined(Variant(cluster.kubeconfig()).named("plant"))
    pair = {key.removesuffix("-data"): value for key, value in variant.user.items()}
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {
            "clientCertificateData": _decoded(pair["client-certificate"]),
            "clientKeyData": _decoded(pair["client-key"]),
        },
    }
    (host.root / "tmp" / "answer.json").write_text(json.dumps(answer))
    script = host.root / "tmp" / "login"
    script.write_text("#!/bin/sh\n/bin/env > /tmp/env\ncat /tmp/answer.json\n")
    script.chmod(0o755)
    variant.user = {"exec": {"apiVersion": answer["apiVersion"], "command": "./login"}}
    variant.user["exec"]["interactiveMode"] = "Never"
    variant.write(host.root / "tmp" / "plugin.yaml")
    done = host.run(EDGETUI, "once", "--pane", "nodes", "/tmp/plugin.yaml")
    assert done.returncode == 0, done.stderr
    inherited = (host.root / "tmp" / "env").read_text()
    assert "PATH=/bin\n" in inherited
    assert "PYTHON" not in inherited
    assert "LD_" not in inherited

    again = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import edgetui, sys; print(sys.prefix)'])"
    assert host.run("/opt/edgetui/bin/python", "-c", again).stdout == "/opt/edgetui\n"


def test_python_settings_of_the_host_are_none_of_its_own(host: BareHost) -> None:
    env = ("PYTHONHOME=/nowhere", "PYTHONPATH=/nowhere", "LD_LIBRARY_PATH=/nowhere", "PYTHONSTARTUP=/nowhere")
    assert host.run(EDGETUI, "--version", env=env).returncode == 0


@pytest.mark.parametrize(
    "bundle",
    [
        "etc/ssl/certs/ca-certificates.crt",
        "etc/pki/tls/certs/ca-bundle.crt",
        "etc/ssl/cert.pem",
        "SSL_CERT_FILE",
    ],
)
def test_a_server_of_a_public_authority_is_trusted_on_every_distribution(
    host: BareHost, cluster: ControlPlane, bundle: str
) -> None:
    """The cluster's authority stands where Debian, RHEL or Alpine keep those that everybody trusts."""
    variant = inlined(Variant(cluster.kubeconfig()).named("plant"))
    authority = _decoded(variant.cluster.pop("certificate-authority-data"))
    variant.write(host.root / "tmp" / "public.yaml")
    place = host.root / ("tmp/own.pem" if bundle == "SSL_CERT_FILE" else bundle)
    env = ("SSL_CERT_FILE=/tmp/own.pem",) if bundle == "SSL_CERT_FILE" else ()
    words = (EDGETUI, "once", "--no-cache", "--pane", "nodes", "--timeout", "10", "/tmp/public.yaml")
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        assert host.run(*words, env=env).returncode == 2
        place.write_text(authority)
        done = host.run(*words, env=env)
        assert done.returncode == 0, done.stderr
    finally:
        place.unlink(missing_ok=True)


def test_the_demo_fleet_is_left_out_and_said_to_be(host: BareHost) -> None:
    done = host.run(EDGETUI, "demo")
    assert done.returncode == 2
    assert "The demo fleet is not part of this installation." in done.stderr


def test_it_holds_no_path_of_this_machine_and_no_address_of_an_index(folder: Path) -> None:
    traces = [
        str(ROOT).encode(),
        str(folder).encode(),
        str(Path.home() / ".cache").encode(),
        b"pypi.org/simple",
    ]
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            assert not [trace for trace in traces if trace in content], path
            assert not re.search(rb"https?://[^\s\"'<>]+/simple/?[\s\"']", content), path


def test_two_builds_in_different_directories_hold_the_same_bytes(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    again, _ = made_here(tmp_path_factory.mktemp("again") / "a" / "deeper" / "directory")
    assert _digest(folder) == _digest(again)


def _digest(folder: Path) -> str:
    out = Hashing()
    archive.tar(out, folder, "edgetui", 0)
    return out.digest.hexdigest()


class Hashing:
    """Takes bytes and keeps only their hash."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return len(data)


def test_every_part_is_named_with_its_licence(folder: Path) -> None:
    manifest = json.loads((folder / "MANIFEST.json").read_text())
    parts = {part["name"]: part for part in manifest["parts"]}
    assert {"libc6", "textual", "edgetui", "libssl3"} <= parts.keys()
    assert all(part["version"] and part["licence"] and len(part["sha256"]) == 64 for part in parts.values())
    for name, part in parts.items():
        assert part["origin"] != "Debian" or (folder / "licenses" / name).is_file()
    assert not [path for path in folder.rglob("*") if path.is_symlink() and path.readlink().is_absolute()]


def _decoded(data: str) -> str:
    import base64

    return base64.b64decode(data).decode()
