"""Which proxy the environment names, in one table of each of its rules, and each entry of NO_PROXY by itself.

`pytest tests/unit/cluster/test_proxy_env.py --snapshot-update` takes what is chosen now; look at what
differs first.
"""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.kubeconfig.proxy_env import from_environment

HOSTS = (
    "https://plant",
    "https://plant:6443",
    "https://a.plant",
    "https://xplant",
    "https://PLANT",
    "https://10.0.0.7",
    "https://10.0.0.7:6443",
    "https://10.1.0.7",
    "https://[fd00::7]",
    "https://[fd00::7]:6443",
    "https://[::ffff:10.0.0.7]",
    "https://127.0.0.1",
    "https://127.9.9.9:1",
    "https://[::1]",
    "https://localhost",
    "https://localhost.plant",
    "http://plant",
    "http://plant:80",
)
ENTRIES = (
    "",
    "*",
    "x, * ,y",
    "**",
    "plant",
    " Plant ",
    ".plant",
    "*.plant",
    "*plant",
    "plant:443",
    "plant:6443",
    "plant:80",
    "plant:",
    ":443",
    "a.plant",
    "lant",
    "10.0.0.7",
    "10.0.0.7:6443",
    "10.0.0.0/16",
    "10.0.0.7/16",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/1234",
    "0.0.0.0/0",
    "::/0",
    "fd00::/8",
    "fd00::7",
    "[fd00::7]",
    "[fd00::7]:6443",
    "[fd00::7]:443",
    "fd00::7:6443",
    "::ffff:10.0.0.7",
    "[plant",
    "x,plant",
    ",",
)


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_an_entry_excepts(entry: str, snapshot: SnapshotAssertion) -> None:
    env = {"HTTPS_PROXY": "http://p:1", "HTTP_PROXY": "http://q:1", "NO_PROXY": entry}
    through = {host: from_environment(host, env) for host in HOSTS}
    assert set(through.values()) <= {"", "http://p:1", "http://q:1"}
    assert " ".join(host for host, proxy in through.items() if not proxy) == snapshot


@pytest.mark.parametrize(
    ("env", "https", "http"),
    [
        ({}, "", ""),
        ({"HTTPS_PROXY": "p"}, "http://p", ""),
        ({"https_proxy": "p:1"}, "http://p:1", ""),
        ({"HTTPS_PROXY": "socks5://u:p@h", "https_proxy": "q"}, "socks5://u:p@h", ""),
        ({"HTTPS_PROXY": "", "https_proxy": "q"}, "http://q", ""),
        ({"HTTP_PROXY": "p"}, "", "http://p"),
        ({"http_proxy": "p"}, "", "http://p"),
        ({"ALL_PROXY": "p"}, "", ""),
        ({"HTTPS_PROXY": "p", "NO_PROXY": "", "no_proxy": "plant"}, "", ""),
        ({"HTTPS_PROXY": "p", "NO_PROXY": "x", "no_proxy": "plant"}, "http://p", ""),
        ({"HTTPS_PROXY": "http://"}, "", ""),
        ({"HTTPS_PROXY": "http://[::1"}, "", ""),
        ({"HTTPS_PROXY": "http://p:1/x"}, "http://p:1/x", ""),
    ],
    ids=range(13),
)
def test_which_variable_counts(env: dict[str, str], https: str, http: str) -> None:
    assert from_environment("https://plant:6443", env) == https
    assert from_environment("http://plant", env) == http
    assert from_environment("https://", env) == ""
