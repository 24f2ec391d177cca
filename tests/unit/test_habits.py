"""What people who know kubectl type first: each line does what they mean, or says in one sentence why not.

The lines run on the demo fleet, in this process. An action is a dry run where the line would write.
"""

from __future__ import annotations

import io
import logging
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from edgetui import cli
from edgetui.commands import GROUPS, Command, commands, example_of, find
from edgetui.demo.launcher import Fleet


@pytest.fixture(scope="module")
def kubeconfig() -> Iterator[Path]:
    with Fleet(3, 0, outages=False) as fleet:
        yield fleet.ready()


class Told(NamedTuple):
    """How a command line ended."""

    code: int
    out: str
    err: str


Typed = Callable[[str], Told]


@pytest.fixture
def typed(
    kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Typed]:
    """Runs a line as a shell would, without a terminal and with an empty home."""
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setattr(sys, "argv", ["edgetui"])
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.chdir(tmp_path)

    def run(line: str) -> Told:
        capsys.readouterr()
        try:
            code = cli.main(shlex.split(line))
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Told(code, said.out, said.err)

    yield run
    logging.getLogger("edgetui.http").handlers.clear()
    logging.getLogger("edgetui.http").setLevel(logging.NOTSET)


DRY = "(server dry run)"
# The line, its exit code, and what stands on standard output or error.
LINES = [
    # rows
    ("get pods -A", 0, "Pods "),
    ("get pods -A -o wide", 0, "Pods "),
    ("once -A", 0, "Rollouts "),
    ("once --all-namespaces", 0, "Rollouts "),
    ("get nodes", 0, "plant-cp"),
    ("get po", 0, "Pods "),
    ("get no,svc -n line-2", 0, "Services "),
    ("get deploy press -n line-2 -o name", 0, "deployment.apps/press\n"),
    ("get deploy/press sts/historian -o name", 0, "statefulset.apps/historian"),
    ("get leases", 0, "leases.coordination.k8s.io"),
    ("get pod nope", 1, "pods nope not found."),
    ("get podz", 2, "plant serves no podz. Did you mean pods?"),
    ("get pods -n nope", 0, "No resources found in namespace nope."),
    ("once -o json --pane nodes", 0, '"schema": 1'),
    ("get -o yaml nodes", 0, "schema: 1"),
    ("once -o wide", 0, "Rollouts "),
    ("once -o name", 0, "node/plant-cp\n"),
    ("once -l app=press -o name", 0, "pod/press-"),
    ("get pods -l 'app in (press, weld), app!=weld' -o name", 0, "pod/press-"),
    ("get pods -l 'app in (press'", 2, "is not a selector such as app=press"),
    ("once -w", 2, "-w follows one pane or kind"),
    ("once --timeout=60s", 0, "Pods "),
    ("once --pane pod", 0, "Pods "),
    ("once --js", 2, "Did you mean --json?"),
    ("get pods --as kim -q", 0, "press-"),
    ("get pods -v", 0, "/api/v1/pods as a stream"),
    ("get pods --quiet", 0, "press-"),
    # what a first word may have been
    ("pods", 2, "There is no command pods. Did you mean edgetui get pods?"),
    ("nodes", 2, "Did you mean edgetui get nodes?"),
    ("clusters", 2, "There is no command and no file clusters."),
    ("hpa -n line-2", 2, "Did you mean edgetui get hpa -n line-2?"),
    ("scal deploy/x 3", 2, "There is no command and no file scal. Did you mean edgetui scale?"),
    ("rolback deploy/x", 2, "Did you mean edgetui rollback?"),
    ("nosuchthing", 2, "There is no command and no file nosuchthing. edgetui --help lists the commands."),
    ("-A", 2, "edgetui once"),
    ("-o json", 2, "Commands take that: edgetui get pods -o."),
    ("-v", 2, "Commands take that: edgetui get pods"),
    ("--quiet", 2, "Commands take that: edgetui get pods --quiet."),
    # what is left to kubectl
    ("top nodes", 2, "edgetui get nodes,pods prints rows with their usage. kubectl --kubeconfig "),
    ("describe pod press", 2, "--context plant describe pod press"),
    ("logs deploy/press -n line-2", 2, "--context plant -n line-2 logs deploy/press"),
    ("apply -f x.yaml --context van-17", 2, "--context van-17 apply -f x.yaml"),
    ("auth can-i list pods", 2, "--context plant auth can-i list pods"),
    ("taint n1 key=value:NoSchedule", 2, "--context plant taint n1 key=value:NoSchedule"),
    ("api-resources", 2, "--context plant api-resources"),
    ("config get-contexts", 2, "--context plant config get-contexts"),
    ("set selector svc/x app=y", 2, "edgetui sets image, resources and hpa. kubectl "),
    ("scale deploy/press 3 -f x.yaml", 2, "edgetui applies no manifests: kubectl apply does."),
    ("scale deploy/press 3 --token abc", 2, "Servers, users and tokens come from kubeconfig files"),
    ("--server https://x", 2, "Servers, users and tokens come from kubeconfig files"),
    ("--cluster x", 2, "Servers, users and tokens come from kubeconfig files"),
    ("--context=nope", 2, "No context nope in "),
    # rollouts
    ("rollout status deploy/oven -n line-1", 0, 'deployment "oven" successfully rolled out\n'),
    ("status deploy oven -n line-1", 0, 'deployment "oven" successfully rolled out\n'),
    (
        "rollout status deploy/press -n line-2",
        1,
        'error: deployment "press" exceeded its progress deadline\n',
    ),
    ("rollout status -n line-2 deploy/nope", 1, '(NotFound): deployments.apps "nope" not found\n'),
    ("rollout history deploy/press -n line-2", 0, "deployment.apps/press \nREVISION  CHANGE-CAUSE\n1  "),
    ("history deploy/press -n line-2 --revision 2", 1, "rollout history deployment/press --revision=2"),
    ("rollout", 2, "rollout takes one of status, history"),
    ("rollout stat deploy/x", 2, "Did you mean edgetui rollout status?"),
    ("rollout undo deploy/press --to-revision=2 -n line-2 --dry-run", 0, DRY),
    ("rollout -n line-1 restart deploy/oven --dry-run", 0, DRY),
    ("rollout pause deployment oven -n line-1 --dry-run", 0, DRY),
    ("rollout resume deployment oven -n line-1 --dry-run", 0, "is not paused: nothing was written. " + DRY),
    ("rollback deploy/press --timeout=60s --to-revision 2 -n line-2 --dry-run=server", 0, DRY),
    ("set image sts/historian historian=registry.local/historian:4.2 -n messaging --dry-run", 0, DRY),
    ("set image sts/historian *=registry.local/historian:4.2 -n messaging --dry-run", 0, DRY),
    (
        "set image deploy/oven oven=registry.local/oven:9 nope=registry.local/nope:1 -n line-1 --dry-run",
        1,
        "has no container nope. It has ",
    ),
    ("set resources deploy oven --limits=cpu=300m,memory=512Mi -n line-1 --dry-run", 0, DRY),
    # scaling
    ("scale deploy/weld --replicas=3 -n line-1 --dry-run", 0, DRY),
    ("scale --replicas=3 deploy/weld -n line-1 --dry-run=server", 0, DRY),
    ("scale deployment weld --replicas 3 -n line-1 --dry-run", 0, DRY),
    ("scale deploy weld 3 -n line-1 --dry-run", 0, DRY),
    ("scale deploy/weld 3 -n line-1 --dry-run=client", 2, "a dry run is checked by the server"),
    ("autoscale deploy/vision --min 1 --max 5 -n line-2 --dry-run", 0, DRY),
    ("set hpa vision --max 5 -n line-2 --dry-run", 0, DRY),
    ("autoscale deploy/press --min 1 --max 5 -n line-2", 1, "autoscale deployment/press --max=N"),
    # objects
    ("restart deployments/oven -n line-1 --dry-run", 0, DRY),
    ("restart deployment.apps/oven -n line-1 --dry-run", 0, DRY),
    ("restart deployments.v1.apps/oven -n line-1 --dry-run", 0, DRY),
    ("restart deploy/oven deploy/weld -n line-1 --dry-run", 0, "weld in line-1 on plant (server dry run)\n"),
    ("restart deploy -l app=oven -n line-1 --dry-run", 0, "oven in line-1 on plant (server dry run)\n"),
    ("restart -l app=oven -n line-1", 2, "No kind is named. Write KIND -l KEY=VALUE"),
    ("restart deploy -l app=none -n line-1 --yes", 1, "No deploy in line-1 has the labels app=none"),
    ("delete pod x -n line-2", 1, "There is no pod x in line-2 on plant."),
    ("cordon plant-line-4 --dry-run", 0, DRY),
    ("uncordon plant-line-1 --dry-run", 0, "nothing was written. " + DRY),
    ("drain plant-line-4 --ignore-daemonsets --delete-emptydir-data --dry-run", 0, DRY),
    # help
    ("help", 0, "Roll out:"),
    ("help scale", 0, "edgetui scale KIND/NAME... N [options]"),
    ("help rollout undo", 0, "edgetui rollback KIND/NAME... [options]"),
    ("version", 0, "edgetui "),
]


@pytest.mark.parametrize(("line", "code", "said"), LINES, ids=[line for line, _, _ in LINES])
def test_a_line_from_habit_does_what_is_meant_or_says_why_not(
    line: str, code: int, said: str, typed: Typed
) -> None:
    told = typed(line)
    assert (told.code, said in told.out + told.err) == (code, True), told
    if code == 2:
        assert (told.out, told.err.count("\n")) == ("", 1)
    if said.endswith(DRY) and code == 0:
        assert re.fullmatch(r".* \(server dry run\)\n", told.out)


def test_each_part_of_help_has_its_commands_and_examples(typed: Typed) -> None:
    told = typed("help")
    parts = {part.split(":")[0]: part for part in told.out.split("\n\n")}
    for title in list(GROUPS.values())[:-1]:
        assert parts[title].count("    $ edgetui ") == 3, title
    assert all(name in told.out for one in commands() for name in one.names)


@pytest.mark.parametrize("name", [one.name for one in commands()])
def test_every_command_explains_itself(name: str, typed: Typed) -> None:
    told = typed(f"help {name}")
    assert (told.code, told.err) == (0, "")
    assert name in ("help", "version") or "usage: edgetui" in told.out


@pytest.mark.parametrize("one", [one for one in commands() if one.example], ids=lambda one: one.name)
def test_an_example_is_of_its_command_and_is_understood(one: Command) -> None:
    found = find(example_of(one).split()[1:])
    assert found is not None
    assert found[0] is one


def test_a_plugin_of_kubectl_calls_itself_so(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/kubectl-edge", "scale", "--help"])
    told = typed("scale --help")
    assert told.out.startswith("usage: kubectl edge scale KIND/NAME... N [options]")
