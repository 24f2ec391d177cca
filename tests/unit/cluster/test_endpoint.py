"""Where a cluster is, from its URL: host, port, prefix, the name in its certificate, the Host header, the proxy."""

from __future__ import annotations

import pytest

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.http.endpoint import Unusable, check_proxy, parse, server_url, user_of

SERVERS = {
    "https://api.example": ("api.example", 443, True, "", "api.example", "api.example"),
    "https://api.example:443": ("api.example", 443, True, "", "api.example", "api.example"),
    "https://api.example:6443": ("api.example", 6443, True, "", "api.example", "api.example:6443"),
    "http://localhost": ("localhost", 80, False, "", "localhost", "localhost"),
    "http://localhost:443": ("localhost", 443, False, "", "localhost", "localhost:443"),
    "https://api.example.:6443": ("api.example.", 6443, True, "", "api.example", "api.example.:6443"),
    "https://[fd00::7]": ("fd00::7", 443, True, "", "fd00::7", "[fd00::7]"),
    "https://[fd00::7]:6443": ("fd00::7", 6443, True, "", "fd00::7", "[fd00::7]:6443"),
    "https://[fe80::1%25eth0]:6443": ("fe80::1%eth0", 6443, True, "", "fe80::1", "[fe80::1]:6443"),
    "https://hub/k8s/clusters/c-1/": ("hub", 443, True, "/k8s/clusters/c-1", "hub", "hub"),
    "https://hub//a/../b%2fc/./": ("hub", 443, True, "/b/c", "hub", "hub"),
    "https://hub/": ("hub", 443, True, "", "hub", "hub"),
}


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_is_taken_apart_as_go_does_it(server: str) -> None:
    found = parse(server)
    assert SERVERS[server] == (
        found.host,
        found.port,
        found.tls,
        found.prefix,
        found.server_name,
        found.authority,
    )
    assert found.proxy is None


def test_another_name_may_be_expected_in_the_certificate() -> None:
    found = parse("https://10.0.0.7:6443", "kubernetes.default")
    assert (found.server_name, found.authority) == ("kubernetes.default", "10.0.0.7:6443")


PROXIES = {
    "http://proxy": ("http", "proxy", 80, "", "", False),
    "https://proxy": ("https", "proxy", 443, "", "", False),
    "socks5://proxy": ("socks5", "proxy", 1080, "", "", True),
    "socks5h://k%40m:p%3aw@proxy:9050": ("socks5h", "proxy", 9050, "k@m", "p:w", True),
    "http://kim@[fd00::9]:3128": ("http", "fd00::9", 3128, "kim", "", False),
}


@pytest.mark.parametrize("url", PROXIES)
def test_a_proxy_has_the_ports_that_go_gives_it(url: str) -> None:
    check_proxy(url)
    proxy = parse("https://api", proxy_url=url).proxy
    assert proxy is not None
    assert PROXIES[url] == (
        proxy.scheme,
        proxy.host,
        proxy.port,
        proxy.username,
        proxy.password,
        proxy.socks,
    )
    assert "p:w" not in repr(proxy) + proxy.where


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://", "that is not a URL"),
        ("https://api:0", "that is not a URL"),
        ("https://api:66000", "that is not a URL"),
        ("https://a pi", "that is not a URL"),
        ("https://api\x00", "that is not a URL"),
        ("https://[fd00", "that is not a URL"),
        ("ftp://api", "with the scheme ftp, which edgetui does not speak"),
        ("//api", "with the scheme missing, which edgetui does not speak"),
    ],
)
def test_what_leads_nowhere_is_said(url: str, words: str) -> None:
    with pytest.raises(KubeconfigError, match=words) as server:
        parse(url)
    assert server.value.sentence.startswith("This cluster has a server ")
    with pytest.raises(KubeconfigError, match=words) as proxy:
        parse("https://api", proxy_url=url)
    assert proxy.value.sentence.startswith("This cluster has a proxy-url ")
    with pytest.raises(Unusable):
        check_proxy(url)


def test_the_next_step_names_the_schemes_that_are_spoken() -> None:
    with pytest.raises(KubeconfigError) as server:
        parse("ftp://api")
    assert server.value.next_step == "Use http or https."
    with pytest.raises(KubeconfigError) as proxy:
        parse("https://api", proxy_url="ftp://proxy")
    assert proxy.value.next_step == "Use http or https or socks5."


@pytest.mark.parametrize(
    ("text", "secure", "url"),
    [
        ("api:6443", True, "https://api:6443"),
        ("api:8080", False, "http://api:8080"),
        ("http://api/", True, "http://api"),
        ("https://kim:pw@api/hub/?a=b#c", False, "https://api/hub"),
    ],
)
def test_a_server_as_people_write_it_becomes_a_url(text: str, secure: bool, url: str) -> None:
    assert server_url(text, secure=secure) == url


def test_a_user_in_the_url_is_read() -> None:
    assert user_of(" https://k%40m:p%3aw@api ") == ("k@m", "p:w")
    assert user_of("https://kim@api") == ("kim", "")
    assert user_of("https://api") == ("", "")
