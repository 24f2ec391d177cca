"""Settings of a person's own: what counts before what, what each is for, and that nothing odd passes in silence."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

from edgetui import arguments, cli, config
from edgetui.actions.cli.running import chosen, new_parser
from edgetui.actions.messages import Refusal
from edgetui.cluster.errors import EdgetuiError

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: plant
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: ops, user: {token: not-a-token}}]
contexts:
- {name: plant, context: {cluster: c, user: ops, namespace: own}}
- {name: van-17, context: {cluster: c, user: ops}}
- {name: farm, context: {cluster: c, user: ops}}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration directory with nothing in it, and a kubeconfig with three contexts."""
    for name in os.environ:
        if name.startswith(config.PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "edgetui").mkdir()
    (tmp_path / "plant.yaml").write_text(KUBECONFIG)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "plant.yaml"))
    monkeypatch.setattr(arguments.Parser, "defaults", config.parse_words)
    return tmp_path


def write(home: Path, text: str) -> None:
    (home / "edgetui" / "config.yaml").write_text(text)


def screen(*words: str) -> argparse.Namespace:
    """The options of the screen."""
    parser = arguments.Parser("", "")
    arguments.add_selection(parser)
    arguments.add_screen(parser)
    return parser.parse_words(words)


def scale(*words: str) -> argparse.Namespace:
    return new_parser("scale", "").parse_words(words)


def test_the_command_line_counts_before_a_variable_and_that_before_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (screen().theme, screen().budget) == ("", None)
    write(home, "theme: dark\nbudget: 20KiB/s\n")
    assert (screen().theme, screen().budget) == ("dark", 20480.0)
    monkeypatch.setenv("EDGETUI_THEME", "light")
    assert (screen().theme, screen().budget) == ("light", 20480.0)
    assert screen("--theme", "mono").theme == "mono"
    assert screen("--theme=").theme == ""


def test_a_context_has_its_own_before_the_rest_of_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        home,
        "budget: 20KiB/s\nnamespace: line-2\ncontexts:\n"
        "  van-*: {budget: 1KiB/s, api-traffic: minimal, namespace: cab}\n",
    )
    options = screen("--all-contexts")
    found = {target.context: target for target in arguments.targets(options)}
    assert options.links == {
        "plant": ("", 20480.0),
        "van-17": ("minimal", 1024.0),
        "farm": ("", 20480.0),
    }
    assert [found[name].namespace for name in ("plant", "van-17")] == ["line-2", "cab"]
    monkeypatch.setenv("EDGETUI_BUDGET", "2KiB/s")
    options = screen("--all-contexts")
    arguments.targets(options)
    assert {budget for _, budget in options.links.values()} == {2048.0}
    options = screen("--all-contexts", "--budget", "3KiB/s")
    arguments.targets(options)
    assert (options.budget, {budget for _, budget in options.links.values()}) == (3072.0, {None})


def test_a_theme_of_a_context_is_used_where_all_on_the_screen_agree(home: Path) -> None:
    write(home, "theme: dark\ncontexts: {plant: {theme: light, terminal: thin}}\n")
    alone, together = screen(), screen("--all-contexts")
    arguments.targets(alone)
    arguments.targets(together)
    assert (alone.theme, alone.terminal) == ("light", "thin")
    assert (together.theme, together.terminal) == ("dark", "")


def test_a_read_only_context_wears_the_badge_that_the_gate_obeys(home: Path) -> None:
    write(home, "read-only: true\ncontexts: {farm: {read-only: false}}\n")
    badges = {target.context: target.badges for target in arguments.targets(screen("--all-contexts"))}
    assert badges == {"plant": ("READ-ONLY",), "van-17": ("READ-ONLY",), "farm": ()}


def test_yes_counts_on_a_protected_context_only_where_the_line_names_it(home: Path) -> None:
    write(home, "contexts: {plant: {protected: true}}\n")
    with pytest.raises(Refusal, match=r"plant is protected.* Add --context plant"):
        chosen(scale("--yes"))
    assert chosen(scale("--yes", "--context", "plant")).badges == ("PROTECTED",)
    assert chosen(scale()).context == "plant"
    write(home, "context: plant\ncontexts: {plant: {protected: true}}\n")
    with pytest.raises(Refusal):
        chosen(scale("--yes"))


def test_aliases_and_groups_stand_for_contexts(home: Path) -> None:
    write(home, "aliases: {v: van-17}\ngroups: {outside: [van-17, farm]}\n")
    assert screen("--context", "v").context == ["van-17"]
    assert screen("--context", "outside", "--context", "v").context == ["van-17", "farm"]
    assert chosen(scale("--context", "v")).context == "van-17"


def test_a_kubeconfig_that_is_set_gives_way_to_one_that_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, f"kubeconfig: {home / 'other.yaml'}\n")
    assert screen().kubeconfig == []  # $KUBECONFIG is a variable, too
    monkeypatch.delenv("KUBECONFIG")
    assert screen().kubeconfig == [str(home / "other.yaml")]
    (target,) = arguments.targets(screen(str(home / "plant.yaml")))
    assert target.context == "plant"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zebra: b", r"config\.yaml, line 1: nothing is called “zebra” here\. There is kubeconfig, context, "),
        ("theme: dark\nread-onyl: true", r"line 2: nothing is called “read-onyl” here\. Did you mean read-only\?"),
        ("yes: true", r"line 1: nothing is called “yes” here"),
        ("contexts:\n  plant:\n    context: x", r"line 3: nothing is called “context” in a context"),
        ("budget: fast", r"line 1: budget: fast is not a rate of at least 100 bytes per second"),
        ("read-only: maybe", r"line 1: read-only: “maybe” is neither true nor false\. It is for: refuse every write"),
        ("terminal: huge", r"line 1: terminal: “huge” is none of local, ssh, thin, serial"),
        ("theme: nope", r"line 1: theme: “nope” is no theme"),
        ("theme: ../x", r"line 1: theme: “\.\./x” is no theme"),
        ("timeout: soon", r"line 1: timeout: “soon” is not a time"),
        ("theme: [dark, light]", r"line 1: theme takes one value"),
        ("theme: {a: b}", r"line 1: that takes a word, or a list of words"),
        ("- dark", r"line 1 is no KEY: VALUE"),
        ("dark", r"line 1 is no KEY: VALUE"),
        ("theme: dark\ntheme: light", r"line 2: each key stands once"),
        ("aliases: {v: [a, b]}", r"line 1: v names no context"),
        ("groups: {v: []}", r"line 1: v names no context"),
        ("theme: [", r"config\.yaml is not valid YAML: line 2, column 1"),
        ("a: " + "[" * 400, r"is not read: it is nested more than 256 levels deep"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_file_is_told_with_its_line(home: Path, text: str, said: str) -> None:
    write(home, text)
    with pytest.raises(EdgetuiError, match=said):
        screen()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("EDGETUI_THEM", "dark", r"\$EDGETUI_THEM sets nothing that there is\. Did you mean theme\?"),
        ("EDGETUI_READ_ONLY", "maybe", r"\$EDGETUI_READ_ONLY: read-only: “maybe” is neither"),
        ("EDGETUI_BUDGET", "", r"\$EDGETUI_BUDGET: budget: "),
    ],
)
def test_what_is_wrong_in_a_variable_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(EdgetuiError, match=said):
        screen()


def test_an_odd_file_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = home / "edgetui" / "config.yaml"
    monkeypatch.setattr("edgetui.cluster.kubeconfig.yaml_file.PATIENCE", 0.05)
    os.mkfifo(file)
    with pytest.raises(EdgetuiError, match="could not be read within"):
        screen()
    file.unlink()
    file.symlink_to(file)
    with pytest.raises(EdgetuiError, match="a symbolic link that leads to itself"):
        screen()
    file.unlink()
    file.write_bytes(b"\0\xff\xfe")
    with pytest.raises(EdgetuiError, match="is not a text file"):
        screen()
    file.unlink()
    file.mkdir()
    with pytest.raises(EdgetuiError, match="is a directory"):
        screen()
    file.rmdir()
    file.write_text("")
    assert screen().theme == ""


def test_the_view_says_of_each_value_where_it_comes_from(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(home, "budget: 20KiB/s\naliases: {v: van-17}\ncontexts:\n  van-*:\n    protected: yes\n")
    monkeypatch.setenv("EDGETUI_THEME", "dark")
    assert config.view([]) == 0
    lines = {line.split(":")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert f"# {home}/edgetui/config.yaml, line 1" in lines["budget"]
    assert lines["theme"].startswith("theme: dark ")
    assert lines["theme"].endswith("# $EDGETUI_THEME")
    assert lines["terminal"].endswith("# default")
    assert lines["v = van-17  # alias or group"]
    assert lines["  protected"].startswith("  protected: yes ")
    assert "line 5" in lines["  protected"]
    assert lines.keys() >= config.SETTINGS.keys()


def test_a_wrong_setting_ends_a_command_before_anything_is_shown(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(home, "theme: dark\nthem: light\n")
    for line in (["get", "pods"], ["scale", "deploy/x", "1"], ["config", "view"], []):
        assert cli.main(line) == 2
        said = capsys.readouterr()
        assert (said.out, said.err.count("\n")) == ("", 1)
        assert "line 2: nothing is called “them” here. Did you mean theme?" in said.err


def test_nothing_that_agrees_to_a_write_can_be_set() -> None:
    assert not {"yes", "dry-run", "no-wait", "force"} & config.SETTINGS.keys()


def test_every_option_of_the_screen_can_be_set() -> None:
    parser = arguments.Parser("", "")
    arguments.add_selection(parser)
    arguments.add_screen(parser)
    shown = {action.dest for action in parser._actions if action.help is not argparse.SUPPRESS}
    settable = {one.dest or key.replace("-", "_") for key, one in config.SETTINGS.items()}
    assert shown - settable <= {"help", "files"}


def test_what_debug_containers_run_and_whether_nodes_may_have_a_shell_is_set_for_each_context(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> dict[str, tuple[str, bool]]:
        targets = arguments.targets(screen("--all-contexts"))
        return {one.context: (one.debug_image, one.node_shell) for one in targets}

    assert set(found().values()) == {("busybox:1.37", False)}
    write(
        home,
        "debug:\n  image: tools:9\ncontexts:\n  van-*:\n    debug: {node_shell: true, image: van:1}\n",
    )
    assert found() == {"plant": ("tools:9", False), "van-17": ("van:1", True), "farm": ("tools:9", False)}
    monkeypatch.setenv("EDGETUI_DEBUG_IMAGE", "alpine:3")
    monkeypatch.setenv("EDGETUI_DEBUG_NODE_SHELL", "yes")
    assert set(found().values()) == {("alpine:3", True)}
    for text, said in (
        ("debug: {node-shell: true}\n", "nothing is called “debug.node-shell” here"),
        ("debug: true\n", "is no KEY: VALUE"),
        ("debug: {node_shell: perhaps}\n", "is neither true nor false"),
        ("debug: {image: a b}\n", "is no name of an image"),
    ):
        write(home, text)
        with pytest.raises(EdgetuiError, match=said):
            screen()
