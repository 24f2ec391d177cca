"""Writing tokens into kubeconfig files: what changes, what stays, what is refused."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
import yaml

from edgetui.cluster import atomic_file
from edgetui.cluster.atomic_file import Locked, locked
from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig import write
from edgetui.cluster.kubeconfig.write import OwnedByDistribution, rewrite_provider_tokens, rewrite_user_token
from tests.unit.cluster.kubeconfigs import config, put

NOW = 1_760_000_000.0
CONTENT = "users:\n- name: u\n  user:\n    token: old # until May\n"


def backups(file: Path) -> list[Path]:
    return sorted(file.parent.glob(f"{file.name}.edgetui-backup-*"))


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def only_these(directory: Path, *names: str) -> None:
    assert sorted(p.name for p in directory.iterdir()) == sorted(names)


class TestWriting:
    def test_the_token_and_nothing_else(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", CONTENT)
        backup = rewrite_user_token(file, "u", "new", now=NOW)
        assert file.read_text() == CONTENT.replace("old", "new")
        assert (backup.path.read_text(), backup.file) == (CONTENT, file)
        only_these(tmp_path, "config", "config.edgetui-backup-20251009T085320Z")

    def test_mode_and_owner_stay(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", CONTENT)
        for turn, wanted in enumerate((0o600, 0o640, 0o400, 0o664)):
            file.chmod(wanted)
            if os.geteuid() == 0:
                os.chown(file, 1234, 2345)
            owner = (file.stat().st_uid, file.stat().st_gid)
            rewrite_user_token(file, "u", "new", now=NOW + turn)
            for path in (file, backups(file)[-1]):
                assert mode(path) == wanted
                assert (path.stat().st_uid, path.stat().st_gid) == owner

    def test_a_link_leads_to_what_is_rewritten(self, tmp_path: Path) -> None:
        real = put(tmp_path / "real" / "kube.yaml", CONTENT)
        link = tmp_path / "config"
        link.symlink_to(real)
        rewrite_user_token(link, "u", "new", now=NOW)
        assert link.is_symlink()
        assert "new" in real.read_text()
        only_these(tmp_path, "config", "real")
        assert len(backups(real)) == 1

    def test_the_newest_three_backups_are_kept(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", CONTENT)
        put(tmp_path / "config.mine", "untouched")
        for n in range(5):
            rewrite_user_token(file, "u", f"t{n}", now=NOW + n)
        assert [one_of.read_text().split()[6] for one_of in backups(file)] == ["t1", "t2", "t3"]
        assert (tmp_path / "config.mine").exists()

    def test_two_in_one_second_are_both_kept(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", CONTENT)
        first = rewrite_user_token(file, "u", "t1", now=NOW)
        second = rewrite_user_token(file, "u", "t2", now=NOW)
        assert first.path != second.path
        assert "t1" in second.path.read_text()

    def test_a_reader_sees_the_old_or_the_new_file(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", CONTENT)
        done = threading.Event()
        seen = set()

        def read() -> None:
            while not done.is_set():
                seen.add(yaml.safe_load(file.read_text())["users"][0]["user"]["token"][0])

        thread = threading.Thread(target=read)
        thread.start()
        for n in range(60):
            rewrite_user_token(file, "u", f"t{n}", now=NOW + n)
        done.set()
        thread.join()
        assert seen <= {"o", "t"}


class TestTokenFiles:
    def test_the_file_gets_the_token_and_the_kubeconfig_stays(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", config(user={"tokenFile": "secret/token", "token": "inline"}))
        token = put(tmp_path / "secret" / "token", "old\n")
        before = file.read_bytes()
        backup = rewrite_user_token(file, "u", "new", now=NOW)
        assert token.read_text() == "new\n"
        assert (backup.file, backup.path.read_text()) == (token, "old\n")
        assert file.read_bytes() == before

    def test_a_missing_one_is_said(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", config(user={"tokenFile": "gone"}))
        with pytest.raises(KubeconfigError, match="gone cannot be written"):
            rewrite_user_token(file, "u", "new", now=NOW)


class TestRefused:
    @pytest.mark.parametrize(
        "name",
        [
            "etc/rancher/k3s/k3s.yaml",
            "etc/rancher/rke2/rke2.yaml",
            "var/snap/microk8s/current/credentials/client.config",
            "var/snap/microk8s/7394/credentials/client.config",
            "var/lib/k0s/pki/admin.conf",
            "var/lib/microshift/resources/kubeadmin/kubeconfig",
            "var/lib/microshift/resources/kubeadmin/host-1/kubeconfig",
        ],
    )
    def test_files_of_distributions(self, tmp_path: Path, name: str) -> None:
        file = put(tmp_path / name, CONTENT)
        link = tmp_path / "link"
        link.symlink_to(file)
        for path in (file, link):
            with pytest.raises(OwnedByDistribution) as caught:
                rewrite_user_token(path, "u", "new", now=NOW, root=tmp_path)
            assert "personal kubeconfig" in caught.value.next_step
        assert file.read_text() == CONTENT
        only_these(file.parent, file.name)

    def test_a_token_file_of_a_distribution(self, tmp_path: Path) -> None:
        token = put(tmp_path / "etc/rancher/k3s/k3s.yaml", "old\n")
        file = put(tmp_path / "config", config(user={"tokenFile": str(token)}))
        with pytest.raises(OwnedByDistribution):
            rewrite_user_token(file, "u", "new", now=NOW, root=tmp_path)
        assert token.read_text() == "old\n"

    def test_a_file_that_is_gone_has_no_second_name_and_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(KubeconfigError, match="cannot be written"):
            write.refuse_second_name(tmp_path / "gone")

    @pytest.mark.parametrize("token", ["", "a b", "a\nb", "a\x00b"])
    def test_tokens_that_are_none(self, tmp_path: Path, token: str) -> None:
        with pytest.raises(KubeconfigError, match="not written"):
            rewrite_user_token(put(tmp_path / "config", CONTENT), "u", token, now=NOW)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("users: []\n", "has no user called u"),
            ("a: b\n", "has no user called u"),
            ("", "has no user called u"),
            ("users: [{name: u, user: {}}]\n", "has no token"),
            ("users: [{name: u, user: {token: }}]\n", "has no text as its token"),
            ("users: [{name: u, user: {token: [a]}}]\n", "token that is not text"),
            (
                "users: [{name: u, user: {token: a}}, {name: u, user: {token: b}}]\n",
                "more than one user called u",
            ),
            ("users: [{name: u, user: {token: a, token: b}}]\n", "has token twice"),
            ("users: [{name: u, user: {token: &t a}}]\n", "anchor or tag"),
            ("users: [{name: u, user: {token: !!str a}}]\n", "anchor or tag"),
            ("t: &t a\nusers: [{name: u, user: {token: *t}}]\n", "uses a YAML alias"),
            ("t: &t {token: a}\nusers: [{name: u, user: *t}]\n", "uses a YAML alias"),
            ("t: &t {token: a}\nusers: [{name: u, user: {<<: *t}}]\n", "has no token"),
            ("t: &t [{name: u, user: {token: a}}]\nusers: *t\n", "uses a YAML alias"),
            ("users: [{name: u, user: &x {token: a}}, {name: v, user: *x}]\n", "in another place as well"),
            (
                "users: [{name: u, user: &x {token: a}}, {name: v, user: {<<: *x}}]\n",
                "in another place as well",
            ),
            ("users: [\n", "is not valid YAML"),
        ],
    )
    def test_texts_that_cannot_be_edited(self, tmp_path: Path, content: str, said: str) -> None:
        file = put(tmp_path / "config", content)
        with pytest.raises(KubeconfigError, match=said) as caught:
            rewrite_user_token(file, "u", "new", now=NOW)
        assert caught.value.next_step
        assert file.read_text() == content
        only_these(tmp_path, "config")

    def test_other_encodings(self, tmp_path: Path) -> None:
        file = tmp_path / "config"
        file.write_bytes(CONTENT.encode("utf-16"))
        with pytest.raises(KubeconfigError, match="not UTF-8"):
            rewrite_user_token(file, "u", "new", now=NOW)

    def test_a_file_that_changed_meanwhile(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", CONTENT)
        with atomic_file.opened(file, 1024) as original:
            put(file, CONTENT + "# kubectl was here\n")
            with pytest.raises(KubeconfigError, match="changed by another program"):
                original.replace(b"x")
        assert file.read_text().endswith("was here\n")
        only_these(tmp_path, "config")

    def test_a_failed_write_leaves_everything_as_it_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = put(tmp_path / "config", CONTENT)

        def no_space(handle: int) -> None:
            if Path(f"/proc/self/fd/{handle}").readlink().suffix == ".tmp":
                raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", no_space)
        with pytest.raises(KubeconfigError, match="No space left on device"):
            rewrite_user_token(file, "u", "new", now=NOW)
        assert file.read_text() == CONTENT
        only_these(tmp_path, "config")

    def test_the_old_token_is_in_no_sentence(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", "users: [{name: u, user: {token: &t s3cret}}]\n")
        with pytest.raises(KubeconfigError) as caught:
            rewrite_user_token(file, "u", "s3cret-too", now=NOW)
        assert "s3cret" not in str(caught.value)


class TestLock:
    def test_it_is_held_while_writing_and_gone_afterwards(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = put(tmp_path / "config", CONTENT)
        held = []
        swap = os.rename

        def watched(source: str, target: str, **directories: int) -> None:
            held.append((tmp_path / "config.lock").exists())
            swap(source, target, **directories)

        monkeypatch.setattr(os, "rename", watched)
        rewrite_user_token(file, "u", "new", now=NOW)
        assert held == [True]
        assert not (tmp_path / "config.lock").exists()

    def test_one_that_stays_is_a_sentence(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", CONTENT)
        lock = put(tmp_path / "config.lock", "")
        os.utime(lock, (1, 1))
        with pytest.raises(Locked) as caught, locked(file, wait=0.1):
            pass
        assert f"{lock} is there since" in caught.value.sentence
        assert caught.value.next_step == f"When no kubectl is running, remove it: rm {lock}"
        assert lock.exists()

    def test_it_is_taken_as_soon_as_the_other_program_is_done(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config", CONTENT)
        lock = put(tmp_path / "config.lock", "")
        timer = threading.Timer(0.2, lock.unlink)
        timer.start()
        rewrite_user_token(file, "u", "new", now=NOW)
        timer.join()
        assert "new" in file.read_text()

    def test_both_names_of_a_link_are_locked(self, tmp_path: Path) -> None:
        real = put(tmp_path / "real", CONTENT)
        link = tmp_path / "config"
        link.symlink_to(real)
        with locked(link):
            only_these(tmp_path, "real", "config", "real.lock", "config.lock")
        only_these(tmp_path, "real", "config")

    def test_a_second_lock_that_cannot_be_had_frees_the_first(self, tmp_path: Path) -> None:
        real = put(tmp_path / "real", CONTENT)
        link = tmp_path / "config"
        link.symlink_to(real)
        put(tmp_path / "real.lock", "")
        with pytest.raises(Locked), locked(link, wait=0.1):
            pass
        assert not (tmp_path / "config.lock").exists()


class TestProviderTokens:
    def test_both_are_replaced_in_one_write(self, tmp_path: Path) -> None:
        provider = {"name": "oidc", "config": {"id-token": "i1", "refresh-token": "r1", "client-id": "c"}}
        file = put(tmp_path / "config", config(user={"auth-provider": provider}))
        before = file.read_text()
        rewrite_provider_tokens(file, "u", {"id-token": "i2", "refresh-token": "r2"}, now=NOW)
        assert file.read_text() == before.replace("i1", "i2").replace("r1", "r2")
        assert len(backups(file)) == 1

    def test_what_the_file_does_not_have_is_left_out(self, tmp_path: Path) -> None:
        file = put(
            tmp_path / "config",
            config(user={"auth-provider": {"name": "oidc", "config": {"client-id": "c"}}}),
        )
        assert rewrite_provider_tokens(file, "u", {"id-token": "i2"}, now=NOW) is None
        assert backups(file) == []


def test_kept_backups_are_as_many_as_said() -> None:
    assert write.KEPT_BACKUPS == 3
