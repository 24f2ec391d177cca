"""Odd kubeconfigs: how a file is written, how it names servers, contexts and users."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from .likeness import Case, Site, b64

Json = dict[str, Any]


def whole(at: Site, *, cluster: Json | None = None, user: Json | None = None, **context: Any) -> Json:
    """A kubeconfig that works, with changes; a value of None takes a field away."""
    first: Json = {"server": at.url, "certificate-authority-data": b64(at.ca.cert_pem.bytes())}
    changed = {key: value for key, value in {**first, **(cluster or {})}.items() if value is not None}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "plant",
        "clusters": [{"name": "c", "cluster": changed}],
        "users": [{"name": "u", "user": {"token": "good"} if user is None else user}],
        "contexts": [{"name": "plant", "context": {"cluster": "c", "user": "u", **context}}],
    }


def one(name: str, content: str | bytes | Json, **more: Any) -> Case:
    return Case(name, {"config": content, **more.pop("files", {})}, **more)


def forms(at: Site) -> Iterator[Case]:
    """How the file is written."""
    good = whole(at)
    text = yaml.safe_dump(good, sort_keys=False)
    for name, content in {
        "yaml": text,
        "json": json.dumps(good),
        "json with tabs": json.dumps(good, indent="\t"),
        "flow": yaml.safe_dump(good, default_flow_style=True),
        "CRLF": text.replace("\n", "\r\n"),
        "byte order mark": "\ufeff" + text,
        "byte order mark before JSON": "\ufeff" + json.dumps(good),
        "comments": "# a\n" + text.replace("users:", "# b\nusers: # c"),
        "a document mark": "---\n" + text,
        "two documents": text + "---\nkind: Other\n",
        "an empty document first": "---\n---\n" + text,
        "a document end": text + "...\n",
        "a directive": "%YAML 1.1\n---\n" + text,
        "JSON with something behind it": json.dumps(good) + " x",
        "JSON with a comma too many": json.dumps(good)[:-1] + ",}",
        "JSON with a key twice": json.dumps(good)[:-1] + ', "kind": "Config"}',
        "tabs in YAML": text.replace("  ", "\t"),
        "an anchor": text.replace("- cluster:", "- cluster: &c", 1) + "more: *c\n",
        "a merge key": text.replace("    token: good", "    <<: {token: good}"),
        "a key twice": text.replace("    token: good", "    token: bad\n    token: good"),
        "no apiVersion": text.replace("apiVersion: v1\n", ""),
        "no kind": text.replace("kind: Config\n", ""),
        "neither": text.replace("kind: Config\n", "").replace("apiVersion: v1\n", ""),
        "another kind": text.replace("kind: Config", "kind: Pod"),
        "another apiVersion": text.replace("apiVersion: v1", "apiVersion: v2"),
        "kind in small letters": text.replace("kind: Config", "kind: config"),
        "apiVersion is a number": text.replace("apiVersion: v1", "apiVersion: 1"),
        "an unknown field": text + "colour: red\n",
        "an unknown field of a cluster": json.dumps(whole(at, cluster={"colour": "red"})),
        "a field in another case": text.replace("current-context:", "Current-Context:"),
        "a section in another case": text.replace("clusters:", "Clusters:"),
        "a section that is null": text.replace(
            "users:\n- name: u\n  user:\n    token: good\n", "users: null\n"
        ),
        "a section that is a mapping": json.dumps({**good, "extensions": {"a": 1}}),
        "preferences": text + "preferences: {colors: true}\n",
        "preferences that are odd": text + "preferences: {colors: 7}\n",
        "preferences that are a list": text + "preferences: []\n",
        "extensions": text + "extensions: [{name: a, extension: {b: [c]}}]\n",
        "extensions that are odd": text + "extensions: [7]\n",
        "an extension of a cluster that is odd": json.dumps(whole(at, cluster={"extensions": [{"name": 7}]})),
        "latin-1 in a comment": ("# Gr\u00f6\u00dfe\n" + text).encode("latin-1"),
        "UTF-16": text.encode("utf-16"),
        "a NUL": text + "\0",
        "bytes": bytes(range(256)) * 4,
        "nothing": "",
        "a comment alone": "# nothing\n",
        "a list": "- a\n- b\n",
        "a word": "kubeconfig",
        "nested 60 deep": json.dumps({**good, "extensions": [{"name": "x", "extension": nested(50)}]}),
        "nested 200 deep": json.dumps({**good, "extensions": [{"name": "x", "extension": nested(200)}]}),
        "nested 20,000 deep": json.dumps(good)[:-1] + ', "x": ' + "[" * 20000 + "]" * 20000 + "}",
    }.items():
        yield one(f"form: {name}", content)


def nested(depth: int) -> Json:
    found: Json = {}
    for _ in range(depth):
        found = {"a": found}
    return found


def names(at: Site) -> Iterator[Case]:
    """What things are called, and which is meant."""
    for name in (
        "a b",
        "a/b",
        "arn:aws:eks:eu:0:cluster/x",
        "Gr\u00f6\u00dfe",
        "\u65e5\u672c",
        "x" * 300,
        "a\u202eb",
        "*",
        " a",
        "a\tb",
        "~",
    ):
        content = whole(at)
        content["contexts"][0]["name"] = content["current-context"] = name
        yield one(f"context called {name[:12]!a}", content)
    text = yaml.safe_dump(whole(at), sort_keys=False)
    for name, changed in {
        "a number": text.replace("plant", "123"),
        "true": text.replace("plant", "true"),
        "a date": text.replace("plant", "2026-11-28"),
        "null": text.replace("name: plant", "name: null"),
        "nothing": text.replace("plant", "''"),
        "an octal number": text.replace("plant", "0777"),
        "a time": text.replace("plant", "12:30:45"),
        "yes": text.replace("plant", "yes"),
        "a number with underscores": text.replace("plant", "1_000"),
        "infinity": text.replace("plant", ".inf"),
    }.items():
        yield one(f"context called {name} without quotes", changed)
    good = whole(at)
    twice = json.loads(json.dumps(good))
    twice["users"].append({"name": "u", "user": {"token": "second"}})
    yield one("a user twice", twice)
    two = {
        **good,
        "contexts": [*good["contexts"], {"name": "other", "context": {"cluster": "c", "user": "u"}}],
    }
    for name, content, chosen in (
        ("no current context, one context", {**good, "current-context": ""}, ""),
        ("no current context, two contexts", {**two, "current-context": ""}, ""),
        ("a context chosen", {**two, "current-context": ""}, "other"),
        ("a context chosen that is not there", two, "third"),
        ("a current context that is not there", {**good, "current-context": "gone"}, ""),
        ("a current context that is null", {**good, "current-context": None}, ""),
        ("a cluster that is not there", whole(at, cluster=None) | {"clusters": []}, ""),
        ("a user that is not there", whole(at) | {"users": []}, ""),
        ("a context without content", {**good, "contexts": [{"name": "plant"}]}, ""),
        ("a context that is null", {**good, "contexts": [{"name": "plant", "context": None}]}, ""),
        ("an item that is null", {**good, "users": [*good["users"], None]}, ""),
        ("an item without a name", {**good, "users": [*good["users"], {"user": {}}]}, ""),
        ("an item that is a word", {**good, "users": [*good["users"], "x"]}, ""),
        ("a user without content", {**good, "users": [{"name": "u"}]}, ""),
    ):
        yield one(name, content, context=chosen)
    for namespace in ("line-1", "", "Not/OK", "a.b", "x" * 64, "-a", "9", 9, None, True):
        yield one(
            f"namespace {str(namespace)[:10]!r} {type(namespace).__name__}", whole(at, namespace=namespace)
        )


def servers(at: Site) -> Iterator[Case]:
    """How a server is named."""
    port, plain = at.server.https, at.server.http
    for name, changes in {
        "with a slash": {"server": f"{at.url}/"},
        "with a path": {"server": f"{at.url}/hub/c-1"},
        "with a path and a slash": {"server": f"{at.url}/hub/c-1/"},
        "with two slashes": {"server": f"{at.url}//hub//c"},
        "with a query": {"server": f"{at.url}/hub?x=1#y"},
        "with a query and no path": {"server": f"{at.url}?x=1"},
        "with a user": {"server": f"https://me:pw@127.0.0.1:{port}"},
        "in capitals": {"server": f"HTTPS://127.0.0.1:{port}"},
        "by name": {"server": f"https://localhost:{port}"},
        "by name with a dot": {"server": f"https://localhost.:{port}"},
        "without a scheme": {"server": f"127.0.0.1:{port}"},
        "without a scheme and without TLS": {
            "server": f"127.0.0.1:{plain}",
            "certificate-authority-data": None,
        },
        "without TLS": {"server": at.http_url},
        "without TLS and without an authority": {"server": at.http_url, "certificate-authority-data": None},
        "with spaces": {"server": f" {at.url} "},
        "with a space inside": {"server": f"https://127.0.0.1 :{port}"},
        "with a line break": {"server": f"{at.url}\n"},
        "of another scheme": {"server": f"ftp://127.0.0.1:{port}"},
        "with a port that is none": {"server": "https://127.0.0.1:99999"},
        "with no port behind the colon": {"server": "https://127.0.0.1:"},
        "with an escape": {"server": f"{at.url}/a%2Fb"},
        "with letters that are not ASCII": {"server": f"{at.url}/Gr\u00f6\u00dfe"},
        "empty": {"server": ""},
        "missing": {"server": None},
        "a number": {"server": 6443},
        "for another name": {"tls-server-name": "elsewhere.test"},
        "by tls-server-name": {"server": f"https://127.0.0.1:{port}", "tls-server-name": "plant.test"},
        "insecure": {"certificate-authority-data": None, "insecure-skip-tls-verify": True},
        "insecure with an authority": {"insecure-skip-tls-verify": True},
        "insecure as text": {"certificate-authority-data": None, "insecure-skip-tls-verify": "true"},
        "insecure is null": {"insecure-skip-tls-verify": None},
        "not trusted": {"certificate-authority-data": None},
        "without compression": {"disable-compression": True},
        "compression as text": {"disable-compression": "yes"},
    }.items():
        yield one(f"server {name}", whole(at, cluster=changes))
    text = yaml.safe_dump(whole(at, cluster={"certificate-authority-data": None}), sort_keys=False)
    for word in ("yes", "on", "y", "True", "TRUE", "1", "~"):
        changed = text.replace(f"server: {at.url}", f"server: {at.url}\n    insecure-skip-tls-verify: {word}")
        yield one(f"insecure is {word}", changed)


def users(at: Site) -> Iterator[Case]:
    """Who one is."""
    files: dict[str, str | bytes] = {"token": "from-file\n", "empty": "", "two": "a b", "utf": "\u00e4"}
    for name, user in {
        "nobody": {},
        "token that is a number": {"token": 12345},
        "token that is null": {"token": None},
        "token with spaces around": {"token": " good "},
        "token with a line break at the end": {"token": "good\n"},
        "token with a line break inside": {"token": "go\nod"},
        "token with a tab": {"token": "go\tod"},
        "token that is not ASCII": {"token": "g\u00f6\u00f6d"},
        "token file": {"tokenFile": "token"},
        "token file by its whole path": {"tokenFile": "{dir}/token"},
        "token and token file": {"token": "inline", "tokenFile": "token"},
        "token file that is missing": {"tokenFile": "gone"},
        "token and token file that is missing": {"token": "inline", "tokenFile": "gone"},
        "token file that is empty": {"tokenFile": "empty"},
        "token file with two words": {"tokenFile": "two"},
        "token file that is not ASCII": {"tokenFile": "utf"},
        "token file that is a directory": {"tokenFile": "."},
        "user name and password": {"username": "kim", "password": "pw"},
        "user name alone": {"username": "kim"},
        "password alone": {"password": "pw"},
        "user name with letters": {"username": "k\u00efm", "password": "p:w"},
        "token and user name": {"token": "good", "username": "kim"},
        "token and password": {"token": "good", "password": "pw"},
        "token file and user name": {"tokenFile": "token", "username": "kim", "password": "pw"},
        "as": {"token": "good", "as": "ops"},
        "as with groups": {"token": "good", "as": "ops", "as-groups": ["a", "b", "c"]},
        "as with an id": {"token": "good", "as": "ops", "as-uid": "7"},
        "as with more": {"token": "good", "as": "ops", "as-user-extra": {"Scopes/x y": ["v", "w"], "z": []}},
        "as with letters": {"token": "good", "as": "\u00f6ps"},
        "as with a line break": {"token": "good", "as": "o\nps"},
        "groups of nobody": {"token": "good", "as-groups": ["a"]},
        "id of nobody": {"token": "good", "as-uid": "7"},
        "groups that are a word": {"token": "good", "as": "ops", "as-groups": "a"},
        "old provider": {"auth-provider": {"name": "gcp", "config": {}}},
        "provider that nobody knows": {"auth-provider": {"name": "who"}},
        "provider without a name": {"auth-provider": {"config": {}}},
        "provider and token": {"token": "good", "auth-provider": {"name": "gcp"}},
        "unknown field": {"token": "good", "colour": "red"},
    }.items():
        yield one(f"user: {name}", whole(at, user=user), files=files)


def lists(at: Site) -> Iterator[Case]:
    """Several files in KUBECONFIG."""
    good, base = whole(at), {"apiVersion": "v1", "kind": "Config"}
    parts: dict[str, str | bytes | Json] = {
        "a": {**base, "contexts": good["contexts"], "current-context": "plant"},
        "b": {**base, "clusters": good["clusters"]},
        "c": {**base, "users": good["users"]},
        "other": {**base, "users": [{"name": "u", "user": {"token": "other"}}], "current-context": "gone"},
        "config": good,
        "broken": "{",
        "deep": "[" * 20000,
        "pod": {"kind": "Pod"},
    }
    for name, chosen in {
        "three parts": "a:b:c",
        "the first wins": "other:config",
        "missing first": "gone:config",
        "missing last": "config:gone",
        "the same twice": "config:config",
        "broken last": "config:broken",
        "broken first": "broken:config",
        "deep last": "config:deep",
        "another kind last": "config:pod",
        "an empty name": "config:",
        "a directory": "config:.",
        "a link": "link",
        "a link that leads nowhere": "nowhere:config",
        "a link that leads to itself": "loop:config",
        "nothing": "/dev/null:config",
    }.items():
        links = {"link": "config", "nowhere": "gone", "loop": "loop"}
        yield Case(f"list: {name}", dict(parts), kubeconfig=chosen, links=links)
