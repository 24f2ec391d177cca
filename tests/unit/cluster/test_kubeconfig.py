"""Which clusters a selection gives, what they are called, and how a KUBECONFIG list is merged."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig.document import Document, Entry
from edgetui.cluster.kubeconfig.loader import Selection, load_fleet, reload
from tests.unit.cluster.kubeconfigs import config, load, one, put, several


def test_a_file_gives_its_current_context(tmp_path: Path) -> None:
    file = put(tmp_path / "site.yaml", several("a", "b", "c", current="b"))
    assert [t.context for t in load(file)] == ["b"]


def test_a_single_context_needs_no_current_one(tmp_path: Path) -> None:
    assert one(put(tmp_path / "site.yaml", several("only"))).error is None


def test_all_contexts_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = put(tmp_path / "site.yaml", several("b", "a", "c", current="a"))
    assert [t.name for t in load(file, all_contexts=True)] == ["b", "a", "c"]


def test_globs_choose_over_all_files(tmp_path: Path) -> None:
    first = put(tmp_path / "one.yaml", several("van-1", "plant", current="plant"))
    second = put(tmp_path / "two.yaml", several("van-2", "farm", current="farm"))
    assert [t.name for t in load(first, second, contexts=["van-*", "farm"])] == ["van-1", "van-2", "farm"]


def test_a_name_on_the_screen_chooses_as_well(tmp_path: Path) -> None:
    file = put(tmp_path / "k3s.yaml", several("default"))
    assert [t.context for t in load(file, contexts=["k3s"])] == ["default"]


def test_a_context_called_like_a_pattern_is_found_by_its_name(tmp_path: Path) -> None:
    file = put(tmp_path / "x.yaml", several("a[1]", "a1"))
    assert [t.context for t in load(file, contexts=["a[1]"])] == ["a[1]", "a1"]


def test_an_unmatched_glob_is_a_state_beside_the_others(tmp_path: Path) -> None:
    file = put(tmp_path / "site.yaml", several("plant", "van"))
    good, bad = load(file, contexts=["plant", "vann"])
    assert good.error is None
    assert bad.name == "vann"
    assert "Did you mean van?" in str(bad.error)


def test_the_namespace_of_the_command_line_wins(tmp_path: Path) -> None:
    file = put(tmp_path / "a", config(namespace="line-1"))
    assert one(file).namespace == "line-1"
    assert one(file, namespace="line-2").namespace == "line-2"


def test_the_same_file_named_twice_counts_once(tmp_path: Path) -> None:
    file = put(tmp_path / "a", config())
    link = tmp_path / "b"
    link.symlink_to(file)
    assert len(load(file, link, tmp_path / "." / "a")) == 1


def test_a_directory_stands_for_its_kubeconfigs(tmp_path: Path) -> None:
    put(tmp_path / "b.yml", config("bee"))
    put(tmp_path / "a.yaml", config("ay"))
    put(tmp_path / "c.conf", config("cee"))
    put(tmp_path / "config", config("dee"))
    put(tmp_path / "deployment.yaml", "kind: Deployment\napiVersion: apps/v1\n")
    put(tmp_path / "notes.txt", "no")
    put(tmp_path / "below" / "z.yaml", config("zed"))
    assert [t.name for t in load(tmp_path)] == ["ay", "bee", "cee", "dee"]


class TestNames:
    def test_equal_contexts_are_told_apart_by_file(self, tmp_path: Path) -> None:
        files = [put(tmp_path / "k3s.yaml", config()), put(tmp_path / "rke2.yaml", config())]
        assert [t.name for t in load(*files)] == ["plant (k3s.yaml)", "plant (rke2.yaml)"]

    def test_equal_files_by_the_shortest_path_that_differs(self, tmp_path: Path) -> None:
        files = [put(tmp_path / side / "x" / "k3s.yaml", config()) for side in ("north", "south")]
        assert [t.name for t in load(*files)] == ["plant (north/x/k3s.yaml)", "plant (south/x/k3s.yaml)"]

    def test_default_gives_way_to_the_file(self, tmp_path: Path) -> None:
        assert one(put(tmp_path / "gate-7.kube.yaml", config("default"))).name == "gate-7"

    def test_then_to_the_cluster(self, tmp_path: Path) -> None:
        whole = config("Default")
        whole["clusters"][0]["name"] = whole["contexts"][0]["context"]["cluster"] = "press-hall"
        assert one(put(tmp_path / "admin.conf", whole)).name == "press-hall"

    def test_then_to_the_host(self, tmp_path: Path) -> None:
        whole = config("default", cluster={"server": "https://edge-4.example:6443"})
        whole["clusters"][0]["name"] = whole["contexts"][0]["context"]["cluster"] = "default"
        assert one(put(tmp_path / "config", whole)).name == "edge-4.example"

    def test_and_stays_when_nothing_says_more(self, tmp_path: Path) -> None:
        whole = config("default", cluster={"server": "https://127.0.0.1:6443"})
        whole["clusters"][0]["name"] = whole["contexts"][0]["context"]["cluster"] = "default"
        assert one(put(tmp_path / "config", whole)).name == "default"

    def test_within_a_file_by_context(self, tmp_path: Path) -> None:
        file = put(tmp_path / "k3s.yaml", several("default", "k3s"))
        assert [t.name for t in load(file, all_contexts=True)] == ["k3s (default)", "k3s (k3s)"]

    def test_a_name_made_unique_never_meets_a_real_one(self, tmp_path: Path) -> None:
        first = put(tmp_path / "a" / "k.yaml", several("plant (b/k.yaml)", "plant"))
        second = put(tmp_path / "b" / "k.yaml", config())
        names = [t.name for t in load(first, second, all_contexts=True)]
        assert len(set(names)) == 3

    def test_control_characters_never_reach_the_screen(self, tmp_path: Path) -> None:
        assert one(put(tmp_path / "a", config("pl\x1b[2Jant"))).name == "pl [2Jant"


class TestWhereToLook:
    def fleet(self, tmp_path: Path, env: dict[str, str] | None = None) -> list[str]:
        targets = load_fleet(Selection(), env or {}, tmp_path / "home", tmp_path)
        return [t.name if t.error is None else f"{t.name}: {t.error}" for t in targets]

    def test_nothing_anywhere(self, tmp_path: Path) -> None:
        with pytest.raises(KubeconfigError) as caught:
            self.fleet(tmp_path)
        assert "k3s.yaml" in caught.value.sentence
        assert "edgetui demo" in caught.value.next_step

    def test_the_variable_alone(self, tmp_path: Path) -> None:
        put(tmp_path / "home" / ".kube" / "config", config("personal"))
        mine = put(tmp_path / "mine", config("mine"))
        assert self.fleet(tmp_path, {"KUBECONFIG": str(mine)}) == ["mine"]

    def test_a_variable_that_leads_nowhere(self, tmp_path: Path) -> None:
        put(tmp_path / "home" / ".kube" / "config", config("personal"))
        with pytest.raises(KubeconfigError, match="KUBECONFIG"):
            self.fleet(tmp_path, {"KUBECONFIG": str(tmp_path / "gone")})

    def test_home_before_distributions(self, tmp_path: Path) -> None:
        put(tmp_path / "etc/rancher/k3s/k3s.yaml", config("default"))
        put(tmp_path / "home" / ".kube" / "config", config("personal"))
        assert self.fleet(tmp_path) == ["personal"]

    def test_what_kubectl_left_empty_is_passed_over(self, tmp_path: Path) -> None:
        put(tmp_path / "etc/rancher/k3s/k3s.yaml", config("default"))
        put(
            tmp_path / "home" / ".kube" / "config",
            'apiVersion: v1\nclusters: null\ncurrent-context: ""\nkind: Config\n',
        )
        assert self.fleet(tmp_path) == ["k3s"]

    def test_every_distribution_on_this_host(self, tmp_path: Path) -> None:
        for name in (
            "etc/rancher/k3s/k3s.yaml",
            "etc/rancher/rke2/rke2.yaml",
            "var/snap/microk8s/current/credentials/client.config",
            "var/lib/k0s/pki/admin.conf",
            "var/lib/microshift/resources/kubeadmin/kubeconfig",
        ):
            put(tmp_path / name, config("microk8s" if "microk8s" in name else "default"))
        targets = load_fleet(Selection(), {}, tmp_path / "home", tmp_path)
        assert [t.name for t in targets] == ["k3s", "rke2", "microk8s", "c (admin.conf)", "c (kubeconfig)"]
        assert all(t.owned_by_distribution for t in targets)

    def test_a_link_to_a_distribution_file_is_owned_by_it(self, tmp_path: Path) -> None:
        real = put(tmp_path / "etc/rancher/k3s/k3s.yaml", config("default"))
        link = tmp_path / "home" / ".kube" / "config"
        link.parent.mkdir(parents=True)
        link.symlink_to(real)
        (target,) = load_fleet(Selection(), {}, tmp_path / "home", tmp_path)
        assert target.owned_by_distribution

    def test_a_personal_file_is_not_owned(self, tmp_path: Path) -> None:
        file = put(tmp_path / "home" / ".kube" / "config", config("default"))
        (target,) = load_fleet(Selection(files=[file]), {}, tmp_path / "home", tmp_path)
        assert not target.owned_by_distribution

    def test_a_tilde_means_home(self, tmp_path: Path) -> None:
        put(tmp_path / "home" / "x.yaml", config("tilde"))
        targets = load_fleet(Selection(files=[Path("~/x.yaml")]), {}, tmp_path / "home", tmp_path)
        assert targets[0].name == "tilde"


class TestMerge:
    """client-go loader.go: the first file to name something wins as a whole."""

    def test_first_wins_per_name_and_paths_start_at_their_own_file(self, tmp_path: Path) -> None:
        one_file = config("shared", user={"tokenFile": "secret/token"})
        other = config(
            "shared", cluster={"server": "https://10.9.9.9", "tls-server-name": "x"}, user={"token": "other"}
        )
        other["contexts"].append({"name": "second", "context": {"cluster": "c", "user": "u2"}})
        other["users"].append({"name": "u2", "user": {"tokenFile": "t2"}})
        first = put(tmp_path / "a" / "config", one_file)
        second = put(tmp_path / "b" / "config", other)
        env = {"KUBECONFIG": f"{first}:{tmp_path}/missing::{second}:{first}"}
        targets = load_fleet(Selection(all_contexts=True), env, tmp_path, tmp_path)
        shared, two = targets
        assert (shared.server, shared.tls.server_name) == ("https://10.0.0.1:6443", "")
        assert shared.auth.token_file == tmp_path / "a" / "secret" / "token"
        assert shared.file == first
        assert two.auth.token_file == tmp_path / "b" / "t2"
        assert (two.file, two.context_file) == (second, second)

    def test_the_user_may_stand_in_another_file_than_the_context(self, tmp_path: Path) -> None:
        contexts = config()
        contexts["users"] = []
        users = {"users": config()["users"]}
        first, second = put(tmp_path / "contexts", contexts), put(tmp_path / "users", users)
        (target,) = load_fleet(Selection(), {"KUBECONFIG": f"{first}:{second}"}, tmp_path, tmp_path)
        assert (target.context_file, target.file) == (first, second)
        assert target.auth.token == "t0ken"

    def test_the_first_current_context_wins(self, tmp_path: Path) -> None:
        first = put(tmp_path / "1", several("a", "b"))
        second = put(tmp_path / "2", several("c", current="b"))
        third = put(tmp_path / "3", several("d", current="d"))
        (target,) = load_fleet(Selection(), {"KUBECONFIG": f"{first}:{second}:{third}"}, tmp_path, tmp_path)
        assert target.context == "b"

    def test_a_broken_file_of_the_list_is_a_state_of_its_own(self, tmp_path: Path) -> None:
        first, second = put(tmp_path / "1", "a: [\n"), put(tmp_path / "2", config("fine"))
        targets = load_fleet(Selection(), {"KUBECONFIG": f"{first}:{second}"}, tmp_path, tmp_path)
        assert [t.error is None for t in targets] == [True, False]


def test_a_token_put_there_by_another_program_is_found(tmp_path: Path) -> None:
    file = put(tmp_path / "a", config(user={"token": "old"}))
    target = one(file)
    put(file, config(user={"token": "new"}))
    assert reload(target, {}).auth.token == "new"
    put(file, "{")
    with pytest.raises(KubeconfigError, match="is not valid YAML"):
        reload(target, {})
    put(file, config("another"))
    with pytest.raises(KubeconfigError, match="The context plant is no longer in"):
        reload(target, {})


def test_every_context_is_the_same_when_it_is_read_again(tmp_path: Path) -> None:
    whole = several("a", "", "b", current="a")
    file = put(tmp_path / "config", whole)
    found = load(file, all_contexts=True)
    assert [reload(target, {}) for target in found] == found
    (unread,) = load(put(tmp_path / "other", "{"))
    put(tmp_path / "other", several("a", "b", current="a"))
    again = reload(unread, {})
    assert again is not None and (again.context, again.name) == ("a", unread.name)


def test_a_file_is_empty_when_it_holds_nothing_at_all(tmp_path: Path) -> None:
    entry = Entry("cluster", "c", tmp_path / "config", {})
    for fields, empty in (
        ({}, True),
        ({"clusters": {"c": entry}}, False),
        ({"users": {"u": entry}}, False),
        ({"contexts": {"x": entry}}, False),
        ({"current_context": "x"}, False),
    ):
        assert Document((tmp_path / "config",), **fields).empty is empty, fields  # type: ignore[arg-type]
