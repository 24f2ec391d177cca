"""What settings make of each cluster and of the options of a line, value by value, and how all of them are listed."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui import config
from edgetui.arguments import Parser
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.target import DEBUG_IMAGE, ClusterTarget
from edgetui.config import Found, Settings

from .test_config import home as home
from .test_config import screen, write

PLANT = ClusterTarget(name="plant", context="plant@site", namespace="own", badges=("DEMO",))
VAN = ClusterTarget(name="van-17", context="van-17", badges=("PROTECTED",))

FILE = """
theme: dark
budget: 20kB
read-only: false
debug: {image: toolbox:1}
contexts:
  plant*: {api-traffic: reduced, read-only: true, namespace: line-1}
  "*@site": {protected: true, budget: 5kB}
  van-*: {protected: true, theme: light, terminal: thin, debug: {node_shell: true, image: other:2}}
  nobody: {theme: mono}
aliases: {p: plant@site}
groups: {fleet: [plant@site, van-17], empty-handed: [x]}
commands: {dp: deployments}
"""


def options(*given: str, **fields: object) -> argparse.Namespace:
    return argparse.Namespace(given=set(given), **fields)


def told(target: ClusterTarget) -> tuple[object, ...]:
    return target.badges, target.marks, target.namespace, target.debug_image, target.node_shell


def test_each_cluster_gets_what_is_set_for_it_the_last_pattern_first(home: Path) -> None:
    write(home, FILE)
    settings = config.load({"XDG_CONFIG_HOME": str(home)})
    line = options(theme="", terminal="")
    plant, van = settings.applied([PLANT, VAN], line)
    assert told(plant) == (
        ("DEMO", "READ-ONLY", "PROTECTED"),
        ("READ-ONLY", "PROTECTED"),
        "line-1",
        "toolbox:1",
        False,
    )
    assert told(van) == (("PROTECTED",), (), "", "other:2", True)
    assert line.links == {"plant": ("reduced", 5e3), "van-17": ("", 20e3)}
    assert (line.theme, line.terminal) == ("", ""), "the clusters differ"


def test_what_the_line_gives_counts_for_every_cluster(home: Path) -> None:
    write(home, FILE)
    settings = config.load({"XDG_CONFIG_HOME": str(home)})
    line = options(
        "theme", "terminal", "read-only", "budget", "api-traffic", "namespace", theme="x", terminal="y"
    )
    plant, _ = settings.applied([PLANT, VAN], line)
    assert told(plant) == (("DEMO", "PROTECTED"), ("PROTECTED",), "own", "toolbox:1", False)
    assert line.links == {"plant": ("", None), "van-17": ("", None)}
    assert (line.theme, line.terminal) == ("x", "y")


@pytest.mark.parametrize(
    ("targets", "theme", "terminal"),
    [([PLANT], "dark", ""), ([VAN], "light", "thin"), ([PLANT, VAN], "", ""), ([], "", "")],
)
def test_a_theme_and_a_terminal_hold_where_all_clusters_agree(
    home: Path, targets: list[ClusterTarget], theme: str, terminal: str
) -> None:
    write(home, FILE)
    settings = config.load({"XDG_CONFIG_HOME": str(home)})
    line = options(theme="", terminal="")
    settings.applied(targets, line)
    assert (line.theme, line.terminal) == (theme, terminal)
    without = options()
    settings.applied(targets, without)
    assert not hasattr(without, "theme")


def test_without_settings_a_cluster_is_what_it_was() -> None:
    line = options(theme="x")
    assert Settings().applied([PLANT, VAN], line) == [PLANT, VAN]
    assert (line.links, line.theme) == ({"plant": ("", None), "van-17": ("", None)}, "x")
    assert told(PLANT) == (("DEMO",), (), "own", DEBUG_IMAGE, False)


@pytest.mark.parametrize(
    ("contexts", "expanded"),
    [
        ([], []),
        (["p"], ["plant@site"]),
        (["fleet"], ["plant@site", "van-17"]),
        (["van-17", "fleet", "p", "x"], ["van-17", "plant@site", "x"]),
    ],
)
def test_aliases_and_groups_stand_for_their_contexts_each_once(
    home: Path, contexts: list[str], expanded: list[str]
) -> None:
    write(home, FILE)
    assert config.load({"XDG_CONFIG_HOME": str(home)}).expanded(contexts) == expanded


@pytest.mark.parametrize(
    ("names", "value"),
    [
        (("plant",), 1),
        (("x", "plant-2"), 1),
        (("depot",), 3),
        ((), 3),
        (("both-plant",), 2),
        (("plant-both",), 2),
    ],
)
def test_a_variable_counts_before_a_context_and_that_before_the_rest(
    names: tuple[str, ...], value: int
) -> None:
    settings = Settings()
    settings.file["budget"] = Found(3, "3", "file")
    settings.contexts["plant*"] = {"budget": Found(1, "1", "first")}
    settings.contexts["*both*"] = {"budget": Found(2, "2", "second"), "theme": Found("x", "x", "second")}
    found = settings.value("budget", *names)
    assert found is not None
    assert found.value == value
    assert settings.value("theme", "plant") is None
    settings.variables["budget"] = Found(4, "4", "$EDGETUI_BUDGET")
    assert settings.value("budget", *names) == Found(4, "4", "$EDGETUI_BUDGET")


def test_options_are_those_of_the_line_else_what_is_set_else_the_usual(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        home,
        "context: [p, van-17]\naliases: {p: plant}\nnamespace: line-1\nno-cache: true\nkubeconfig: [a]\n",
    )
    monkeypatch.setenv("EDGETUI_THEME", "dark")
    found = screen()
    assert (found.context, found.namespace, found.no_cache, found.theme) == (
        ["plant", "van-17"],
        "line-1",
        True,
        "dark",
    )
    assert (found.budget, found.terminal, found.api_traffic, found.kubeconfig) == (None, "", "", [])
    assert found.given == set()
    found = screen("--context", "p", "-n", "x", "--theme", "mono", "--read-only", "--kubeconfig", "b")
    assert (found.context, found.namespace, found.no_cache, found.theme) == (["plant"], "x", True, "mono")
    assert found.kubeconfig == ["b"]
    assert found.given == {"context", "namespace", "theme", "read-only", "kubeconfig"}
    found = screen("-A")
    assert (found.namespace, found.given) == ("", {"namespace"})
    bare = Parser("version", "").parse_words([])
    assert (bare.given, "context" in bare) == (set(), False)


def test_all_settings_are_listed_with_where_they_come_from(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    snapshot: SnapshotAssertion,
) -> None:
    write(home, FILE)
    monkeypatch.setenv("EDGETUI_BUDGET", "1kB")
    monkeypatch.delenv("KUBECONFIG")
    assert config.view([]) == 0
    assert capsys.readouterr().out.replace(str(home), "HOME") == snapshot


@pytest.mark.parametrize(
    ("env", "file"),
    [
        ({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "/x/edgetui/config.yaml"),
        ({"XDG_CONFIG_HOME": "", "HOME": "/h"}, "/h/.config/edgetui/config.yaml"),
        ({"HOME": "/h"}, "/h/.config/edgetui/config.yaml"),
    ],
)
def test_where_the_file_is(env: dict[str, str], file: str) -> None:
    assert config.file_of(env) == Path(file)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("EDGETUI_THEMES", "x", "$EDGETUI_THEMES sets nothing that there is. Did you mean theme?"),
        ("EDGETUI_READ_ONLY", "maybe", "$EDGETUI_READ_ONLY: read-only: “maybe” is neither true nor false."),
        ("EDGETUI_DEBUG_NODE_SHELL", "2", "$EDGETUI_DEBUG_NODE_SHELL: debug.node_shell: “2” is neither"),
        ("EDGETUI_THEME", "a,b", "$EDGETUI_THEME: theme: “a,b” is no theme."),
        (
            "EDGETUI_NAMESPACE",
            "a,b",
            "$EDGETUI_NAMESPACE: namespace takes one value. It is for: only this namespace.",
        ),
    ],
)
def test_a_variable_that_sets_nothing_or_is_wrong_is_named(
    home: Path, name: str, value: str, said: str
) -> None:
    with pytest.raises(EdgetuiError) as wrong:
        config.load({"XDG_CONFIG_HOME": str(home), name: value})
    assert str(wrong.value).startswith(said)


@pytest.mark.parametrize(("count", "read"), [(256 * 1024, True), (256 * 1024 + 1, False)])
def test_a_file_of_settings_has_a_bound(home: Path, count: int, read: bool) -> None:
    text = "theme: dark\n"
    write(home, text + "#" * (count - len(text)))
    if read:
        assert config.load({"XDG_CONFIG_HOME": str(home)}).file["theme"].value == "dark"
        return
    with pytest.raises(EdgetuiError):
        config.load({"XDG_CONFIG_HOME": str(home)})


def test_a_kubeconfig_of_the_environment_counts_before_the_file_and_after_a_variable_of_edgetui(
    home: Path,
) -> None:
    write(home, "kubeconfig: [a]\n")
    env = {"XDG_CONFIG_HOME": str(home), "KUBECONFIG": "/k"}
    assert config.load(env).value("kubeconfig") == Found([], "/k", "$KUBECONFIG")
    found = config.load({**env, "EDGETUI_KUBECONFIG": "/x,/y"}).value("kubeconfig")
    assert found == Found(["/x", "/y"], "/x,/y", "$EDGETUI_KUBECONFIG")
    (home / "edgetui" / "config.yaml").unlink()
    (home / "edgetui" / "config.yaml").mkdir()
    with pytest.raises(EdgetuiError, match=r"is a directory\. Remove it"):
        config.load(env)
