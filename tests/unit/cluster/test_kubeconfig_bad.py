"""Bad kubeconfigs: each is a typed error on its own target, one plain sentence with the next step."""

from __future__ import annotations

import itertools
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig import yaml_file
from edgetui.cluster.kubeconfig.yaml_file import MAX_BYTES, parse, permission_advice
from tests.unit.cluster.kubeconfigs import CA, KEY, b64, config, load, one, put, sentence, several
from tests.unit.unprivileged import drop_rights, unprivileged


class TestFiles:
    def test_missing(self, tmp_path: Path) -> None:
        good = put(tmp_path / "good", config())
        fine, bad = load(tmp_path / "gone.yaml", good)
        assert "gone.yaml does not exist." in sentence(bad)
        assert bad.name == "gone"
        assert fine.error is None

    def test_empty(self, tmp_path: Path) -> None:
        assert "is empty." in sentence(one(put(tmp_path / "a.yaml", "")))
        assert "is empty." in sentence(one(put(tmp_path / "b.yaml", "# nothing\n")))

    def test_not_a_mapping(self, tmp_path: Path) -> None:
        assert "holds no mapping" in sentence(one(put(tmp_path / "a.yaml", "- a\n- b\n")))
        assert "holds no mapping" in sentence(one(put(tmp_path / "b.yaml", "just words")))

    def test_another_kind_of_object(self, tmp_path: Path) -> None:
        assert "it holds a Secret" in sentence(
            one(put(tmp_path / "a.yaml", "kind: Secret\napiVersion: v1\n"))
        )

    @pytest.mark.parametrize(
        ("content", "where"),
        [
            ("clusters:\n- name: a\n  cluster: {server: [\n", "line 4"),
            ("a: b: c\n", "line 1, column 5"),
            ("a: 'b\n", "line 2"),
            ("a: *nowhere\n", "line 1"),
            ("b: 1\na: \x07\n", "line 2"),
            ('a: !!python/object/apply:os.system ["true"]\n', "line 1"),
        ],
    )
    def test_broken_yaml_names_file_and_line(self, tmp_path: Path, content: str, where: str) -> None:
        said = sentence(one(put(tmp_path / "a.yaml", content)))
        assert "a.yaml is not valid YAML" in said
        assert where in said

    def test_broken_yaml_never_shows_the_content(self, tmp_path: Path) -> None:
        assert "s3cret" not in sentence(one(put(tmp_path / "a.yaml", "token: s3cret: s3cret\n")))

    def test_bytes_that_are_not_text(self, tmp_path: Path) -> None:
        file = tmp_path / "a.yaml"
        file.write_bytes(b"\xff\xfe\x00\xd8 \x80")
        assert "is not a text file" in sentence(one(file))

    def test_a_tab_is_named(self, tmp_path: Path) -> None:
        said = sentence(one(put(tmp_path / "a.yaml", "clusters:\n\t- name: a\n")))
        assert "line 2, column 1: it begins with a tab" in said

    def test_yaml_with_nothing_of_a_kubeconfig(self, tmp_path: Path) -> None:
        said = sentence(one(put(tmp_path / "a.yaml", "colour: blue\n")))
        assert "is not a kubeconfig: it has no clusters, users or contexts." in said

    def test_too_large(self, tmp_path: Path) -> None:
        file = tmp_path / "a.yaml"
        with file.open("wb") as out:
            out.truncate(MAX_BYTES + 1)
        assert "larger than 10 MB" in sentence(one(file))

    def test_a_directory_without_kubeconfigs(self, tmp_path: Path) -> None:
        assert "is a directory without kubeconfigs" in sentence(one(tmp_path))

    def test_unreadable_names_owner_and_mode(self) -> None:
        with unprivileged() as directory:
            file = put(directory / "k3s.yaml", config())
            file.chmod(0)
            drop_rights()
            said = sentence(one(file))
            assert "with mode 0000" in said
            assert "sudo" in said

    def test_a_directory_that_may_not_be_entered_is_named(self) -> None:
        with unprivileged() as directory:
            closed = directory / "pki"
            file = put(closed / "admin.conf", config())
            closed.chmod(0)
            try:
                drop_rights()
                assert f"{closed} belongs to" in sentence(one(file))
            finally:
                if os.getuid() == 0:
                    os.seteuid(0)
                closed.chmod(0o755)

    def test_a_group_that_helps_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = put(tmp_path / "client.config", config())
        file.chmod(0o660)
        monkeypatch.setattr(yaml_file, "_owner_and_group", lambda uid, gid: ("root", "microk8s"))
        said, step = permission_advice(file)
        assert "belongs to root:microk8s with mode 0660" in said
        assert step == "Run: sudo usermod -aG microk8s $USER, then log in again; or start edgetui with sudo."


class TestHostileYaml:
    def test_aliases_that_unfold_without_end(self) -> None:
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
        with pytest.raises(KubeconfigError, match="aliases unfold"):
            parse("\n".join(lines).encode(), "f")

    def test_merge_keys_that_unfold_without_end(self) -> None:
        lines = ["a0: &a0 {k: v}"]
        lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 10)]
        with pytest.raises(KubeconfigError, match="aliases unfold"):
            parse("\n".join(lines).encode(), "f")

    def test_an_alias_within_itself(self) -> None:
        with pytest.raises(KubeconfigError, match="contains itself"):
            parse(b"a: &a [*a]", "f")

    @pytest.mark.parametrize(
        "content",
        ["[" * 300_000, "{a: " * 100_000, "- " * 50_000, "? " * 50_000, "[\n" * 600 + "]\n" * 600],
        ids=["lists", "mappings", "block lists", "keys", "lines"],
    )
    def test_nesting_that_would_overrun_the_c_stack(self, content: str) -> None:
        with pytest.raises(KubeconfigError):
            parse(content.encode(), "f")

    def test_what_go_takes_in_depth_is_taken(self) -> None:
        for content in (
            "[" * 240 + "]" * 240,
            "a: " + "{a: " * 240 + "1" + "}" * 240,
            "<<: {" * 240 + "a: 1" + "}" * 240,
        ):
            assert parse(content.encode(), "f")

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("12:30:45", "12:30:45"),
            ("2026-11-28", "2026-11-28"),
            ("y", True),
            ("N", False),
            ("on", True),
            ("0777", 511),
            ("1_000", 1000),
            ("0x1F", 31),
            (".inf", float("inf")),
            ("1.5e3", 1500.0),
            ("null", None),
            ("~", None),
            ("no-y", "no-y"),
            ("yy", "yy"),
            ("1.2.3", "1.2.3"),
            ("09", "09"),
            ("0", 0),
            ("-0", 0),
            ("0b_", "0b_"),
            ("0x_", "0x_"),
            ("._", "._"),
            ("1.", 1.0),
            (".5", 0.5),
            ("-1_0.5", -10.5),
        ],
    )
    def test_words_without_quotes_are_what_go_takes_them_for(self, text: str, value: object) -> None:
        assert parse(f"a: {text}".encode(), "f") == {"a": value}

    def test_indentation_that_nests_deeply(self) -> None:
        content = "\n".join(" " * n + "a:" for n in range(5000))
        with pytest.raises(KubeconfigError, match="nested more than"):
            parse(content.encode(), "f")

    def test_ordinary_aliases_and_merges_are_fine(self) -> None:
        assert parse(b"a: &a {x: 1}\nb: *a\nc: {<<: *a, z: 2}\n", "f")["c"] == {"x": 1, "z": 2}

    def test_many_flat_contexts_are_fine(self, tmp_path: Path) -> None:
        names = [f"site-{n}" for n in range(2000)]
        assert len(load(put(tmp_path / "a", several(*names)), all_contexts=True)) == 2000


class TestFormats:
    def test_json_with_tabs_and_escapes_yaml_does_not_know(self, tmp_path: Path) -> None:
        text = '{\n\t"current-context": "a\\ud83d\\ude00",\n\t"contexts": [{"name": "a\\ud83d\\ude00"}]}'
        assert one(put(tmp_path / "a", text)).context == "a😀"

    def test_only_the_first_document_counts(self, tmp_path: Path) -> None:
        text = "current-context: a\ncontexts: [{name: a}]\n---\ncurrent-context: b\n"
        assert one(put(tmp_path / "a", text)).context == "a"

    def test_a_date_is_text(self, tmp_path: Path) -> None:
        assert one(put(tmp_path / "a", "contexts: [{name: 2026-01-02}]")).context == "2026-01-02"

    def test_a_byte_order_mark_is_no_content(self, tmp_path: Path) -> None:
        assert one(put(tmp_path / "a", "\ufeffcontexts: [{name: a}]")).context == "a"


def broken(section: str, **fields: Any) -> dict[str, Any]:
    whole = config()
    inner = {"clusters": "cluster", "users": "user", "contexts": "context"}[section]
    whole[section][0][inner].update(fields)
    return {**whole, section: whole[section]}


PEM_CERT = b64(CA)
CASES: list[tuple[dict[str, Any], str]] = [
    (broken("contexts", cluster="x"), "names a cluster x that does not exist"),
    (broken("contexts", user="ux"), "names a user ux that does not exist. Did you mean u?"),
    (broken("contexts", cluster=""), "names no cluster"),
    (broken("contexts", user=None), "names no user"),
    (broken("contexts", namespace="Not/OK"), "namespace that no namespace can be called"),
    (broken("clusters", server=""), "has no server"),
    (broken("clusters", server="https://"), "server that is not a URL"),
    (broken("clusters", server="https://h:99999"), "server that is not a URL"),
    (broken("clusters", server="https://h ost"), "server that is not a URL"),
    (broken("clusters", server="ftp://h"), "scheme ftp, which edgetui does not speak"),
    (broken("clusters", server=5), "server that is not text"),
    (broken("clusters", **{"proxy-url": "socks4://h:1"}), "scheme socks4, which edgetui does not speak"),
    (
        broken("clusters", **{"certificate-authority-data": "%%%"}),
        "certificate-authority-data that is not valid base64",
    ),
    (broken("clusters", **{"certificate-authority-data": "YWJj"}), "holds no PEM certificate"),
    (broken("clusters", **{"certificate-authority": "gone.pem"}), "needs certificate-authority: "),
    (
        broken("clusters", **{"certificate-authority-data": PEM_CERT, "insecure-skip-tls-verify": True}),
        "asks to skip TLS verification and names a certificate authority",
    ),
    (broken("clusters", **{"insecure-skip-tls-verify": "yes"}), "neither true nor false"),
    (broken("users", token=12345), "token that is not text. Put quotes around it"),
    (broken("users", token="a\nb"), "token with a line break"),
    (broken("users", username="u", password="p"), "has a token and a password"),
    (broken("users", **{"client-certificate-data": PEM_CERT}), "client certificate without a key"),
    (broken("users", **{"client-certificate-data": "YWJj", "client-key-data": b64(KEY)}), "that is not PEM"),
    (
        broken("users", **{"client-certificate-data": PEM_CERT, "client-key-data": "YWJj"}),
        "not a PEM private key",
    ),
    (broken("users", **{"client-certificate-data": "=", "client-key-data": "="}), "not valid base64"),
    (
        broken("users", **{"client-certificate": "c.pem", "client-key-data": b64(KEY)}),
        "needs client-certificate: ",
    ),
    (broken("users", **{"client-certificate-data": PEM_CERT, "client-key": "k.pem"}), "needs client-key: "),
    (
        broken(
            "users",
            **{
                "client-certificate-data": PEM_CERT,
                "client-key-data": b64(KEY.replace(b"PRIVATE", b"ENCRYPTED PRIVATE")),
            },
        ),
        "with a passphrase",
    ),
    (
        broken("users", exec={"apiVersion": "client.authentication.k8s.io/v1"}),
        "exec plugin without a command",
    ),
    (
        broken(
            "users", exec={"command": "x", "apiVersion": "client.authentication.k8s.io/v1alpha1"}, token=None
        ),
        "apiVersion client.authentication.k8s.io/v1alpha1",
    ),
    (
        broken("users", exec={"command": "x", "apiVersion": "client.authentication.k8s.io/v1"}, token=None),
        "interactiveMode",
    ),
    (broken("users", exec="x"), "exec that is not a mapping of names"),
    (
        broken("users", exec={"command": "x"}, **{"auth-provider": {"name": "oidc"}}),
        "an exec plugin and an auth-provider",
    ),
    (broken("users", **{"as-groups": ["g"]}), "impersonates a group, uid or extra without a user"),
    (broken("users", **{"as": "x", "as-groups": "g"}), "as-groups that is not a list of texts"),
]


@pytest.mark.parametrize(("content", "said"), CASES, ids=[said[:40] for _, said in CASES])
def test_one_bad_field_is_the_state_of_its_cluster(
    tmp_path: Path, content: dict[str, Any], said: str
) -> None:
    if "exec" in said and isinstance(content["users"][0]["user"].get("exec"), dict):
        content["users"][0]["user"].pop("token", None)
    target = one(put(tmp_path / "site.yaml", content))
    assert said in sentence(target)
    assert "site.yaml" in sentence(target)
    assert target.name == target.context == "plant"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("clusters: {a: b}\n", "clusters is not a list"),
        ("users: [{name: [], user: {}}]\n", "user number 1 has no name"),
        ("contexts: [{name: a, context: [x]}]\n", "context a is not a mapping"),
        ("contexts: [{name: 7}]\n", "context number 1 has no name that is text"),
    ],
)
def test_a_spoiled_list_spoils_its_file(tmp_path: Path, content: str, said: str) -> None:
    assert said in sentence(one(put(tmp_path / "site.yaml", content)))


def test_a_dangling_current_context_offers_the_nearest(tmp_path: Path) -> None:
    said = sentence(one(put(tmp_path / "a", several("plant", "van", current="plnat"))))
    assert "There is no context plnat in a. Did you mean plant?" in said


def test_several_contexts_without_a_current_one(tmp_path: Path) -> None:
    said = sentence(one(put(tmp_path / "a", several("plant", "van"))))
    assert "several contexts and no current one. Choose with --context (plant, van)" in said


def test_no_context_at_all(tmp_path: Path) -> None:
    assert "has no context." in sentence(
        one(put(tmp_path / "a", "clusters: [{name: a, cluster: {server: x}}]"))
    )


def test_an_entry_that_is_there_twice_spoils_only_its_contexts(tmp_path: Path) -> None:
    whole = config()
    whole["users"] += [{"name": "v", "user": {}}, {"name": "v", "user": {"token": "x"}}]
    whole["contexts"].append({"name": "second", "context": {"cluster": "c", "user": "v"}})
    good, bad = load(put(tmp_path / "a", whole), all_contexts=True)
    assert good.error is None
    assert "The user v in a is there twice." in sentence(bad)


def test_what_could_be_read_is_kept(tmp_path: Path) -> None:
    target = one(put(tmp_path / "a", broken("contexts", user="gone")))
    assert (target.server, target.cluster_name, target.user_name) == ("https://10.0.0.1:6443", "c", "gone")


def test_modes_are_never_touched_by_reading(tmp_path: Path) -> None:
    file = put(tmp_path / "a", config())
    file.chmod(0o640)
    one(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_no_word_that_looks_like_a_number_spoils_its_file() -> None:
    for size in (1, 2, 3):
        for letters in itertools.product("0179_.-+xbeEny", repeat=size):
            word = "".join(letters)
            try:
                parse(f"a: [{word}]".encode(), "f")
            except KubeconfigError as error:
                assert "unreadable" not in error.sentence, word
