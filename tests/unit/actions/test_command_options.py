"""What the commands take: the forms of kubectl, and one cluster that is named in full."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.actions.change.spec import spec_of
from edgetui.actions.cli.act import parser_of, understood
from edgetui.actions.cli.connect import NoCluster, choose
from edgetui.actions.cli.running import new_parser
from edgetui.arguments import acting_as
from edgetui.cluster.errors import EdgetuiError, KubeconfigError
from edgetui.cluster.kubeconfig.loader import reload
from edgetui.cluster.target import Impersonation

TWO = """
apiVersion: v1
kind: Config
current-context: plant
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: ops, user: {token: not-a-token}}]
contexts:
- {name: plant, context: {cluster: c, user: ops}}
- {name: plan*, context: {cluster: c, user: ops}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "config").write_text(TWO)
    return tmp_path / "config"


def test_two_contexts_are_an_error_and_one_named_twice_is_one(file: Path) -> None:
    with pytest.raises(NoCluster, match=r"one cluster, and --context names 2: plant, farm\. Name one"):
        choose([file], ["plant", "farm"])
    assert choose([file], ["plant", "plant"]).context == "plant"


def test_a_context_is_a_name_and_never_a_pattern(file: Path) -> None:
    assert choose([file], []).context == "plant"
    assert choose([file], ["plan*"]).context == "plan*"
    with pytest.raises(KubeconfigError, match=r"No context pl\* in"):
        choose([file], ["pl*"])


@pytest.mark.parametrize(
    ("words", "dry"),
    [
        (["--dry-run"], True),
        (["--dry-run=server"], True),
        (["--dry-run=none"], False),
        ([], False),
    ],
)
def test_a_dry_run_is_asked_for_as_in_kubectl(words: list[str], dry: bool) -> None:
    assert new_parser("scale", "").parse_words(words).dry_run is dry


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90.0), ("0.5", 0.5), ("60s", 60.0), ("5m", 300.0), ("1h", 3600.0)]
)
def test_a_time_has_a_unit_or_is_seconds(text: str, seconds: float) -> None:
    assert new_parser("scale", "").parse_words(["--timeout", text]).timeout == seconds


@pytest.mark.parametrize(
    "words",
    [
        "deploy/press 7 -n line-2",
        "deploy press 7 -n line-2",
        "deploy/press --replicas=7 -n line-2",
        "--replicas 7 deploy/press -n line-2",
        "--replicas=7 -n line-2 deployment press",
        "deployment --replicas 7 press -n line-2",
        "-n line-2 deploy/press 7",
    ],
)
def test_the_number_of_replicas_stands_where_kubectl_puts_it_or_last(words: str) -> None:
    spec = spec_of("scale")
    parser = parser_of("scale", spec)
    options = parser.parse_words(words.split())
    named, given = understood("scale", spec, parser, options)
    assert [name for _, name in named.objects] == ["press"]
    assert (given, options.namespace) == ({"replicas": 7}, "line-2")


@pytest.mark.parametrize(
    ("words", "level"),
    [("-v", 6), ("-v=6", 6), ("-v6", 6), ("--v=8", 8), ("-v 3", 3), ("-v --no-wait", 6), ("", 0)],
)
def test_a_level_of_verbosity_is_written_as_for_kubectl(words: str, level: int) -> None:
    assert new_parser("scale", "").parse_words(words.split()).verbosity == level


def test_a_level_of_verbosity_is_never_a_number_of_replicas(capsys: pytest.CaptureFixture[str]) -> None:
    spec = spec_of("scale")
    parser = parser_of("scale", spec)
    with pytest.raises(SystemExit):
        understood("scale", spec, parser, parser.parse_words(["deploy/press", "-v", "6"]))
    assert "N is missing" in capsys.readouterr().err


def test_somebody_else_acts_where_the_command_line_says_so(file: Path) -> None:
    options = new_parser("scale", "").parse_words(["--as", "kim", "--as-group=ops", "--as-group", "night"])
    assert acting_as(options) == Impersonation("kim", ("ops", "night"))
    assert acting_as(new_parser("scale", "").parse_words([])) is None
    with pytest.raises(EdgetuiError, match="Name the user with --as"):
        acting_as(new_parser("scale", "").parse_words(["--as-group=ops"]))
    target = choose([file], [], Impersonation("kim"))
    assert target.impersonate.user == "kim"
    assert reload(target, {}).impersonate.user == "kim"
