"""Every sort of kubeconfig file with every way to choose from it: which clusters there are, and what is said.

`pytest tests/unit/cluster/test_loader.py --snapshot-update` takes what is said now; look at what differs
first.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig import document
from edgetui.cluster.kubeconfig.document import Document, Entry, NotAKubeconfig, beside, merge
from edgetui.cluster.kubeconfig.loader import Selection, load_fleet, reload
from edgetui.cluster.target import ClusterTarget, Impersonation
from tests.unit.cluster.kubeconfigs import config, one, put, several

FILES: dict[str, Any] = {
    "one": config("plant"),
    "several": several("van", "plant", "press"),
    "current": several("van", "plant", current="plant"),
    "lost": several("van", "plant", current="gone"),
    "single": several("van"),
    "six": several(*"abcdef"),
    "no context": {**several(), "contexts": None},
    "nothing": {"apiVersion": "v1", "kind": "Config"},
    "empty": "",
    "comment": "# nothing\n",
    "broken": "a: [\n",
    "a list": "- a\n",
    "a Secret": "kind: Secret\n",
    "another": "colour: blue\n",
    "no kind": "clusters: []\n",
    "clusters are text": "clusters: text\n",
    "a number in users": "users: [5]\n",
    "a name that is a number": "contexts: [{name: 5}]\n",
    "no name": "contexts: [{context: {}}]\n",
    "a context that is text": "contexts: [{name: a, context: b}]\n",
    "null entries": "contexts: [null, {name: a}]\ncurrent-context: a\n",
    "a current that is a number": {**config("plant"), "current-context": 5},
    "twice": {**config("plant"), "users": [{"name": "u", "user": {}}, {"name": "u", "user": {"token": "t"}}]},
}
CHOICES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "all": {"all_contexts": True},
    "plant": {"contexts": ["plant"]},
    "p*": {"contexts": ["p*", "van"]},
    "p* exactly": {"contexts": ["p*"], "exact": True},
    "plamt": {"contexts": ["plamt"]},
}


def line(target: ClusterTarget, directory: Path) -> str:
    """A target in the words that count here."""
    files = [str(one and one.name) for one in (target.file, target.context_file)]
    parts = [target.name, target.context, target.server, target.namespace, *files, str(target.error or "")]
    return " | ".join(parts).replace(str(directory), "/d").rstrip(" |")


@pytest.mark.parametrize("file", FILES)
def test_what_is_chosen_of_a_file(file: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    put(tmp_path / "config.yaml", FILES[file])
    lines = []
    for choice, selection in CHOICES.items():
        for where in (tmp_path / "config.yaml", tmp_path):
            try:
                found = load_fleet(
                    Selection(files=[where], **selection), {}, tmp_path / "home", tmp_path / "root"
                )
            except KubeconfigError as error:
                lines.append(f"{choice}: {str(error).replace(str(tmp_path), '/d')}")
            else:
                lines += [f"{choice}: {line(target, tmp_path)}" for target in found]
    assert "\n".join(lines) == snapshot


GROUPS = [
    ("one", "several"),
    ("single", "one", "current"),
    ("empty", "one"),
    ("empty", "comment"),
    ("broken", "one"),
    ("nothing", "broken"),
    ("lost", "one"),
]


@pytest.mark.parametrize("group", GROUPS, ids="+".join)
@pytest.mark.parametrize("listed", [False, True])
def test_what_several_files_make(
    group: tuple[str, ...], listed: bool, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    files = [put(tmp_path / f"{number}.yaml", FILES[name]) for number, name in enumerate(group)]
    gone = tmp_path / "gone.yaml"
    lines = []
    for choice, selection in CHOICES.items():
        env = {"KUBECONFIG": ":".join(map(str, [gone, *files]))} if listed else {}
        named = Selection(files=() if listed else [gone, *files], **selection)
        found = load_fleet(named, env, tmp_path / "home", tmp_path / "root")
        lines += [f"{choice}: {line(target, tmp_path)}" for target in found]
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(
    ("files", "env", "said"),
    [
        ((), {}, "/h/.kube/config, /r/etc/rancher/k3s/k3s.yaml, /r/etc/rancher/rke2/rke2.yaml"),
        ((), {"KUBECONFIG": "/gone"}, "$KUBECONFIG (/gone)."),
    ],
)
def test_where_nothing_is_what_was_looked_at_is_said(
    files: tuple[Path, ...], env: dict[str, str], said: str
) -> None:
    with pytest.raises(KubeconfigError) as caught:
        load_fleet(Selection(files=files), env, Path("/h"), Path("/r"))
    assert caught.value.sentence.startswith(f"No kubeconfig found: looked in {said}")
    assert caught.value.next_step == "Name one (edgetui FILE), set KUBECONFIG, or try edgetui demo."


def test_a_namespace_and_a_person_take_the_place_of_those_in_the_file(tmp_path: Path) -> None:
    kim = Impersonation("kim", ("ops",))
    whole = config("plant", user={"token": "t", "as": "root"}, namespace="line-1")
    file = put(tmp_path / "config", whole)
    plain = one(file)
    assert (plain.namespace, plain.impersonate, plain.acting_as) == ("line-1", Impersonation("root"), None)
    other = one(file, namespace="line-2", acting_as=kim)
    assert (other.namespace, other.impersonate, other.acting_as) == ("line-2", kim, kim)


@pytest.mark.parametrize("wanted", [["gone", "gone"], ["gke_a_b_gone", "gone", "gke_a_c_gone"]])
def test_several_contexts_that_are_not_there_are_told_apart(wanted: list[str], tmp_path: Path) -> None:
    found = load_fleet(Selection([put(tmp_path / "config", config())], wanted), {}, tmp_path, tmp_path)
    assert [one.context for one in found] == list(dict.fromkeys(wanted))
    assert len({one.name for one in found}) == len(found)


SELECTED = [
    ("plant", False, True),
    ("plant", True, True),
    ("p?ant", False, True),
    ("p?ant", True, False),
    ("[pq]lant", False, True),
    ("p*", False, True),
    ("Plant", False, False),
    ("plan", False, False),
    ("k3s", False, True),
    ("k3", False, False),
    ("k*", False, True),
    ("", False, False),
]


@pytest.mark.parametrize(("wanted", "exact", "named"), SELECTED)
def test_a_name_or_a_pattern_means_a_context_as_it_is_called_or_shown(
    wanted: str, exact: bool, named: bool
) -> None:
    context = "default" if wanted.startswith("k") else "plant"
    target = ClusterTarget(name="", context=context, context_file=Path("/x/k3s.yaml"))
    assert Selection(exact=exact).names(wanted, target) is named


class TestReload:
    def test_it_is_the_same_and_what_was_asked_for_stays(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", several("van", "plant"))
        kim = Impersonation("kim")
        found = load_fleet(
            Selection(files=[file], contexts=["plant"], namespace="line-9", acting_as=kim),
            {},
            tmp_path,
            tmp_path,
        )[0]
        assert reload(found, {}) == found
        put(file, several("plant", server="https://other"))
        again = reload(found, {})
        assert (again.server, again.namespace, again.name) == ("https://other", "line-9", found.name)
        assert (again.impersonate, again.acting_as) == (kim, kim)

    def test_a_context_that_is_gone_and_one_that_cannot_be_used_are_said(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", config("plant"))
        found = one(file)
        put(file, config("other"))
        with pytest.raises(KubeconfigError) as caught:
            reload(found, {})
        assert str(caught.value) == f"The context plant is no longer in {file}. Put it back there."
        put(file, config("plant", cluster={"server": ""}))
        with pytest.raises(KubeconfigError, match="has no server"):
            reload(found, {})
        file.unlink()
        with pytest.raises(KubeconfigError, match="does not exist"):
            reload(found, {})
        with pytest.raises(KubeconfigError) as caught:
            reload(ClusterTarget(name="a", context="a"), {})
        assert str(caught.value) == "The context a is no longer in the kubeconfig. Put it back there."

    def test_of_several_files_those_that_are_there_count(self, tmp_path: Path) -> None:
        first, second = put(tmp_path / "a", several("van")), put(tmp_path / "b", config("plant"))
        env = {"KUBECONFIG": f"{first}:{second}"}
        (found,) = load_fleet(Selection(contexts=["plant"]), env, tmp_path, tmp_path)
        first.unlink()
        assert reload(found, {}).sources == (first, second)
        put(first, "a: [")
        with pytest.raises(KubeconfigError, match="not valid YAML"):
            reload(found, {})

    def test_one_that_could_not_be_read_before_is_found_by_its_current_context(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", "a: [")
        broken = one(file)
        assert (broken.context, broken.error is None) == ("", False)
        put(file, config("plant"))
        assert (reload(broken, {}).context, reload(broken, {}).name) == ("plant", broken.name)
        put(file, several("van", ""))
        assert reload(broken, {}).context == ""


def test_the_first_file_to_name_an_entry_or_a_current_context_wins() -> None:
    def entry(name: str, file: str) -> Entry:
        return Entry("user", name, Path(file), {})

    a, b, c = entry("a", "1"), entry("a", "2"), entry("c", "2")
    one_file = Document((Path("1"),), users={"a": a}, current_context="")
    other = Document((Path("2"),), users={"a": b, "c": c}, current_context="x")
    assert merge([one_file, other]) == Document(
        (Path("1"), Path("2")), users={"a": a, "c": c}, current_context="x"
    )
    assert merge([other, one_file]).users == {"a": b, "c": c}
    assert merge([other, Document((), current_context="y")]).current_context == "x"


EMPTY = Document(())
HOLDS = [
    Document((), clusters={"a": Entry("cluster", "a", Path(), {})}),
    Document((), users={"a": Entry("user", "a", Path(), {})}),
    Document((), contexts={"a": Entry("context", "a", Path(), {})}),
    Document((), current_context="a"),
]


def test_a_document_is_empty_where_nothing_of_a_kubeconfig_is_in_it() -> None:
    assert EMPTY.empty
    assert not any(one.empty for one in HOLDS)


@pytest.mark.parametrize(
    ("text", "path"), [("k", "/a/k"), ("./k", "/a/k"), ("../k", "/k"), ("/k", "/k"), ("b//k/", "/a/b/k")]
)
def test_a_path_begins_beside_its_file(text: str, path: str) -> None:
    assert beside(Path("/a/config"), text) == Path(path)


def test_a_file_that_holds_something_else_is_told_from_one_that_is_bad(tmp_path: Path) -> None:
    for text, kind in (("colour: blue", NotAKubeconfig), ("a: [", KubeconfigError), ("- a", NotAKubeconfig)):
        with pytest.raises(KubeconfigError) as caught:
            document.read(put(tmp_path / "x", text))
        assert type(caught.value) is kind
    assert json.loads(put(tmp_path / "y", config()).read_text())


def test_of_many_contexts_and_places_the_first_are_named(tmp_path: Path) -> None:
    names = ["n" * 61, "n" * 60, "a", "b", "c", "d"]
    found = one(put(tmp_path / "config", several(*names)))
    assert found.error is not None
    shown = f"{'n' * 59}…, {'n' * 60}, a, b, c"
    assert found.error.next_step == f"Choose with --context ({shown}), or --all-contexts."
    places = [tmp_path / name for name in "abcd"]
    for place in places:
        put(place / "x.yaml", "colour: blue")
    with pytest.raises(KubeconfigError) as caught:
        load_fleet(Selection(places), {}, tmp_path, tmp_path)
    looked = ", ".join(map(str, places[:3]))
    assert caught.value.sentence == f"No kubeconfig found: looked in {looked}."
    (found,) = load_fleet(Selection([tmp_path / "gone"]), {}, tmp_path, tmp_path)
    assert found.name == "gone"
