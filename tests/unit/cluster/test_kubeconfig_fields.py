"""What each field of a kubeconfig becomes in a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.cluster.http.endpoint import parse
from edgetui.cluster.kubeconfig import proxy_env as proxy
from edgetui.cluster.target import AuthSettings, Impersonation
from tests.unit.cluster.kubeconfigs import CA, KEY, b64, config, one, put, sentence


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("https://10.0.0.1:6443", "https://10.0.0.1:6443"),
        ("https://10.0.0.1:6443/", "https://10.0.0.1:6443"),
        ("https://hub.example/k8s/clusters/c-m-1/", "https://hub.example/k8s/clusters/c-m-1"),
        ("https://hub/prefix?x=y#z", "https://hub/prefix"),
        ("https://[fd00::1]:6443", "https://[fd00::1]:6443"),
        ("https://user:secret@h", "https://h"),
        ("  https://h ", "https://h"),
        ("h:6443", "http://h:6443"),
    ],
)
def test_servers(tmp_path: Path, server: str, expected: str) -> None:
    assert one(put(tmp_path / "a", config(cluster={"server": server}))).server == expected


def test_a_server_without_a_scheme_is_https_when_it_is_to_be_trusted(tmp_path: Path) -> None:
    whole = config(cluster={"server": "h:6443", "insecure-skip-tls-verify": True})
    assert one(put(tmp_path / "a", whole)).server == "https://h:6443"


def test_plain_http_is_marked_and_gets_no_credentials(tmp_path: Path) -> None:
    target = one(
        put(tmp_path / "a", config(cluster={"server": "http://127.0.0.1:8001"}, user={"token": "t"}))
    )
    assert target.error is None
    assert target.badges == ("PLAIN HTTP",)
    assert target.auth == AuthSettings()


def test_certificates_inside_and_in_files(tmp_path: Path) -> None:
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki" / "ca.pem").write_bytes(CA)
    inside = {"client-certificate-data": b64(CA), "client-key-data": b64(KEY)}
    target = one(put(tmp_path / "a", config(cluster={"certificate-authority": "pki/ca.pem"}, user=inside)))
    assert target.tls.ca_pem == CA
    assert target.tls.ca_file == tmp_path / "pki" / "ca.pem"
    assert (target.auth.client_certificate, target.auth.client_key) == (CA, KEY)
    (tmp_path / "c.pem").write_bytes(CA)
    (tmp_path / "k.pem").write_bytes(KEY)
    named = {"client-certificate": "c.pem", "client-key": str(tmp_path / "k.pem")}
    auth = one(put(tmp_path / "b", config(user=named))).auth
    assert (auth.client_certificate_file, auth.client_key_file) == (tmp_path / "c.pem", tmp_path / "k.pem")
    assert auth.client_certificate is None


def test_data_counts_more_than_a_file(tmp_path: Path) -> None:
    cluster = {"certificate-authority-data": b64(CA), "certificate-authority": "gone"}
    user = {
        "client-certificate-data": b64(CA),
        "client-certificate": "gone",
        "client-key-data": b64(KEY),
        "client-key": "gone",
    }
    target = one(put(tmp_path / "a", config(cluster=cluster, user=user)))
    assert target.error is None
    assert target.tls.ca_file is None
    assert target.auth.client_certificate_file is None


def test_base64_may_be_broken_into_lines(tmp_path: Path) -> None:
    encoded = b64(CA)
    broken = "\n".join(encoded[i : i + 20] for i in range(0, len(encoded), 20))
    target = one(put(tmp_path / "a", config(cluster={"certificate-authority-data": broken})))
    assert target.tls.ca_pem == CA


def test_impersonation(tmp_path: Path) -> None:
    user = {
        "token": "t",
        "as": "jane",
        "as-uid": "7",
        "as-groups": ["a", "b"],
        "as-user-extra": {"k": ["v", "w"]},
    }
    expected = Impersonation("jane", ("a", "b"), "7", (("k", ("v", "w")),))
    assert one(put(tmp_path / "a", config(user=user))).impersonate == expected


def test_badges_from_our_extension(tmp_path: Path) -> None:
    other = {"name": "other", "extension": {"badge": "NO"}}
    ours = {
        "name": "edgetui",
        "extension": {"badge": "DEMO", "badges": ["READ ONLY", "DEMO", 5, "\x1b[1m" + "x" * 99]},
    }
    target = one(put(tmp_path / "a", config(cluster={"extensions": [other, ours]})))
    assert target.badges[:2] == ("DEMO", "READ ONLY")
    assert len(target.badges) == 3
    assert "\x1b" not in target.badges[2]
    assert len(target.badges[2]) == 16


@pytest.mark.parametrize(
    "extensions", [5, [5], [{"name": "edgetui"}], [{"name": "edgetui", "extension": [1]}]]
)
def test_odd_extensions_are_no_badges(tmp_path: Path, extensions: object) -> None:
    target = one(put(tmp_path / "a", config(cluster={"extensions": extensions})))
    assert (target.error, target.badges) == (None, ())


def test_a_user_without_credentials_is_fine(tmp_path: Path) -> None:
    target = one(put(tmp_path / "a", config(user={})))
    assert target.error is None
    assert target.auth.way == "no credentials"


def test_a_provider_keeps_its_settings(tmp_path: Path) -> None:
    user = {"auth-provider": {"name": "oidc", "config": {"client-id": "c", "id-token": "i"}}}
    provider = one(put(tmp_path / "a", config(user=user))).auth.auth_provider
    assert provider is not None
    assert (provider.name, dict(provider.config)) == ("oidc", {"client-id": "c", "id-token": "i"})


class TestProxies:
    def test_the_kubeconfig_counts_more_than_the_environment(self, tmp_path: Path) -> None:
        file = put(tmp_path / "a", config(cluster={"proxy-url": "http://mine:3128"}))
        assert one(file, env={"HTTPS_PROXY": "http://theirs:1"}).proxy_url == "http://mine:3128"

    def test_a_password_of_a_proxy_is_in_no_repr(self, tmp_path: Path) -> None:
        target = one(put(tmp_path / "a", config(cluster={"proxy-url": "http://u:s3cret@p:1"})))
        assert target.proxy_url == "http://u:s3cret@p:1"
        assert "s3cret" not in repr(target)

    def test_one_that_cannot_be_used_is_a_sentence(self, tmp_path: Path) -> None:
        file = put(tmp_path / "a", config())
        assert "proxy in the environment" in sentence(one(file, env={"HTTPS_PROXY": "ftp://p:1"}))

    @pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h", "HTTPS", "SOCKS5"])
    def test_every_scheme_of_go_is_taken_from_file_and_environment(self, tmp_path: Path, scheme: str) -> None:
        url = f"{scheme}://u:p@h:1"
        named = one(put(tmp_path / "a", config(cluster={"proxy-url": url})))
        found = one(put(tmp_path / "b", config()), env={"HTTPS_PROXY": url})
        for target in (named, found):
            assert (target.error, target.proxy_url) == (None, url)
            proxy = parse(target.server, "", target.proxy_url).proxy
            assert proxy is not None and (proxy.scheme, proxy.port) == (scheme.lower(), 1)

    @pytest.mark.parametrize("text", ["http://[::1", "://", "http://", "%zz://"])
    def test_what_is_no_url_in_the_environment_is_no_proxy(self, text: str) -> None:
        assert proxy.from_environment("https://h", {"HTTPS_PROXY": text}) == ""

    @pytest.mark.parametrize(
        ("server", "env", "expected"),
        [
            ("https://h:6443", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
            ("https://h:6443", {"https_proxy": "p:1"}, "http://p:1"),
            ("https://h:6443", {"HTTPS_PROXY": "http://a", "https_proxy": "http://b"}, "http://a"),
            ("https://h:6443", {"HTTP_PROXY": "http://p:1"}, ""),
            ("http://h:6443", {"HTTP_PROXY": "http://p:1"}, "http://p:1"),
            ("https://127.0.0.1:6443", {"HTTPS_PROXY": "http://p"}, ""),
            ("https://[::1]:6443", {"HTTPS_PROXY": "http://p"}, ""),
            ("https://localhost:6443", {"HTTPS_PROXY": "http://p"}, ""),
        ],
    )
    def test_from_the_environment(self, server: str, env: dict[str, str], expected: str) -> None:
        assert proxy.from_environment(server, env) == expected

    @pytest.mark.parametrize(
        ("excepted", "server", "direct"),
        [
            ("*", "https://h", True),
            ("h", "https://h", True),
            ("h", "https://sub.h", True),
            (".h", "https://h", False),
            (".h", "https://sub.h", True),
            ("*.h", "https://sub.h", True),
            ("H", "https://h", True),
            ("h:6443", "https://h:6443", True),
            ("h:6443", "https://h", False),
            ("h:443", "https://h", True),
            ("xh", "https://h", False),
            ("h", "https://xh", False),
            ("10.0.0.1", "https://10.0.0.1:6443", True),
            ("10.0.0.0/8", "https://10.9.9.9", True),
            ("10.0.0.0/8", "https://11.0.0.1", False),
            ("10.0.0.0/8", "https://h", False),
            ("fd00::/8", "https://[fd00::1]:6443", True),
            ("[fd00::1]:6443", "https://[fd00::1]:6443", True),
            ("fd00::1", "https://[fd00::1]:6443", True),
            (" a , h ,", "https://h", True),
            ("10.0.0.0/99", "https://10.0.0.1", False),
            ("10.0.0.0/255.0.0.0", "https://10.0.0.1", False),
            ("*h", "https://h", False),
            (".0.0.1", "https://10.0.0.1", False),
            ("0.1", "https://10.0.0.1", False),
            ("::ffff:10.0.0.1", "https://10.0.0.1", True),
            (":6443", "https://h:6443", False),
            ("x,*", "https://h", True),
            ("", "https://h", False),
        ],
    )
    def test_no_proxy(self, excepted: str, server: str, direct: bool) -> None:
        found = proxy.from_environment(server, {"HTTPS_PROXY": "http://p", "no_proxy": excepted})
        assert (found == "") is direct
