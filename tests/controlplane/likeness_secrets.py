"""Odd bundles, certificates, keys, credential plugins and proxies."""

from __future__ import annotations

import base64
import json
import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from .likeness import Case, Site, b64
from .likeness_files import Json, one, whole

V1, BETA = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
ENDS = (b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n")


def bundles(at: Site) -> Iterator[Case]:
    """What stands in a certificate authority."""
    good, other, own = at.ca.cert_pem.bytes(), at.other_ca.cert_pem.bytes(), at.selfsigned_pem
    good = good if good.endswith(b"\n") else good + b"\n"
    body = good.replace(ENDS[0], b"").replace(ENDS[1], b"")
    bad = ENDS[0] + b"aGVsbG8=\n" + ENDS[1]
    for name, pem in {
        "two": other + good,
        "only another": other,
        "a bad one first": bad + good,
        "a bad one last": good + bad,
        "one that is no base64 first": ENDS[0] + b"!!!\n" + ENDS[1] + good,
        "one without an end first": ENDS[0] + b"aGVs\n" + good,
        "one without an end last": good + ENDS[0] + b"aGVs\n",
        "an empty one first": ENDS[0] + ENDS[1] + good,
        "only bad ones": bad,
        "text before": b"Issuer: plant\n\n" + good,
        "text between": other + b"Subject: CN=plant\n# next\n" + good,
        "text behind": good + b"the end",
        "text on the same line": b"x" + good,
        "CRLF": good.replace(b"\n", b"\r\n"),
        "CR": good.replace(b"\n", b"\r"),
        "indented": b"".join(b"  " + line + b"\n" for line in good.splitlines()),
        "blanks at the ends": b"".join(line + b"  \n" for line in good.splitlines()),
        "blank lines": good.replace(b"\n", b"\n\n"),
        "no line break at the end": good.rstrip(),
        "one long line": ENDS[0] + body.replace(b"\n", b"") + b"\n" + ENDS[1],
        "all on one line": good.replace(b"\n", b""),
        "byte order mark": b"\xef\xbb\xbf" + good,
        "byte order mark and a second": b"\xef\xbb\xbf" + other + good,
        "TRUSTED": good.replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE"),
        "X509": good.replace(b"CERTIFICATE", b"X509 CERTIFICATE"),
        "small letters": good.replace(b"CERTIFICATE", b"certificate"),
        "headers": good.replace(ENDS[0], ENDS[0] + b"Friendly: plant\n\n"),
        "another end": good.replace(b"END CERTIFICATE", b"END X509 CERTIFICATE"),
        "a key first": at.ca.private_key_pem.bytes() + good,
        "a request first": good.replace(b"CERTIFICATE", b"CERTIFICATE REQUEST") + good,
        "a NUL first": b"\0\n" + good,
        "DER": ssl.PEM_cert_to_DER_cert(good.decode()),
        "DER behind": good + ssl.PEM_cert_to_DER_cert(other.decode()),
        "the same a thousand times": good * 1000,
        "a word": b"hello",
        "four dashes": good.replace(b"-----", b"----"),
    }.items():
        yield one(f"bundle: {name}", whole(at, cluster={"certificate-authority-data": b64(pem)}))
    yield one(
        "bundle: the server's own certificate",
        whole(
            at,
            cluster={"server": f"https://127.0.0.1:{at.selfsigned}", "certificate-authority-data": b64(own)},
        ),
    )
    once, data = b64(good), "certificate-authority-data"
    for name, text in {
        "in lines": base64.encodebytes(good).decode(),
        "with blanks": re.sub("(.{60})", r"\1 ", once),
        "without padding": b64(good + b" ").rstrip("="),
        "with tabs around": f"\t{once}\t",
        "of the URL alphabet": base64.urlsafe_b64encode(good + b"\xff\xfe\xfd").decode(),
        "not encoded": good.decode(),
        "encoded twice": b64(once.encode()),
        "cut": once[:-7],
        "empty": "",
        "blank": " ",
        "a number": 5,
    }.items():
        yield one(f"base64 {name}", whole(at, cluster={data: text}))
    files = {"ca.pem": good, "bad.pem": b"hello", "empty.pem": b""}
    for name, changes in {
        "file": {data: None, "certificate-authority": "ca.pem"},
        "file by its whole path": {data: None, "certificate-authority": "{dir}/ca.pem"},
        "file with dots": {data: None, "certificate-authority": "./x/../ca.pem"},
        "file that is missing": {data: None, "certificate-authority": "gone.pem"},
        "file that is no certificate": {data: None, "certificate-authority": "bad.pem"},
        "file that is empty": {data: None, "certificate-authority": "empty.pem"},
        "file that is a directory": {data: None, "certificate-authority": "."},
        "file with a home sign": {data: None, "certificate-authority": "~/ca.pem"},
        "file and data": {"certificate-authority": "ca.pem"},
        "file that is missing and data": {"certificate-authority": "gone.pem"},
        "file and insecure": {
            data: None,
            "certificate-authority": "ca.pem",
            "insecure-skip-tls-verify": True,
        },
    }.items():
        yield one(f"authority: {name}", whole(at, cluster=changes), files=dict(files))


def pairs(at: Site) -> Iterator[Case]:
    """Client certificates and their keys."""
    leaf, second = at.ca.issue_cert(common_name="kim"), at.ca.issue_cert(common_name="lee")
    under = at.ca.create_child_ca().issue_cert(common_name="child")
    then = datetime.now(UTC) - timedelta(days=1)
    gone = at.ca.issue_cert(common_name="gone", not_before=then - timedelta(days=9), not_after=then)
    cert, key = leaf.cert_chain_pems[0].bytes(), leaf.private_key_pem.bytes()
    private = serialization.load_pem_private_key(key, None)

    def written(kind: PrivateFormat, secret: bytes = b"") -> bytes:
        return private.private_bytes(
            Encoding.PEM, kind, BestAvailableEncryption(secret) if secret else NoEncryption()
        )

    chain = b"".join(pem.bytes() for pem in under.cert_chain_pems)
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    for name, (shown, held) in {
        "data": (cert, key),
        "a chain": (chain, under.private_key_pem.bytes()),
        "that do not fit": (cert, second.private_key_pem.bytes()),
        "expired": (gone.cert_chain_pems[0].bytes(), gone.private_key_pem.bytes()),
        "key first in one file": (key + cert, key + cert),
        "certificate in the key": (cert, cert + key),
        "text before": (b"subject=kim\n" + cert, b"Bag Attributes\n" + key),
        "CRLF": (cert.replace(b"\n", b"\r\n"), key.replace(b"\n", b"\r\n")),
        "PKCS 8": (cert, written(PrivateFormat.PKCS8)),
        "traditional": (cert, written(PrivateFormat.TraditionalOpenSSL)),
        "parameters before the key": (cert, parameters + written(PrivateFormat.TraditionalOpenSSL)),
        "with a passphrase": (cert, written(PrivateFormat.PKCS8, b"x")),
        "with an old passphrase": (cert, written(PrivateFormat.TraditionalOpenSSL, b"x")),
        "certificate that is none": (b"hello", key),
        "key that is none": (cert, b"hello"),
        "a bad certificate first": (ENDS[0] + b"aGVs\n" + ENDS[1] + cert, key),
        "a bad certificate last": (cert + ENDS[0] + b"aGVs\n" + ENDS[1], key),
        "DER": (ssl.PEM_cert_to_DER_cert(cert.decode()), key),
        "TRUSTED": (cert.replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE"), key),
        "no line break at the end": (cert.rstrip(), key.rstrip()),
        "indented": (re.sub(b"(?m)^", b" ", cert), key),
    }.items():
        user = {"client-certificate-data": b64(shown), "client-key-data": b64(held)}
        yield one(f"pair: {name}", whole(at, user=user))
    files: dict[str, str | bytes] = {"c.pem": cert, "k.pem": key, "both.pem": cert + key}
    inline = {"client-certificate-data": b64(cert), "client-key-data": b64(key)}
    for name, user in {
        "files": {"client-certificate": "c.pem", "client-key": "k.pem"},
        "one file": {"client-certificate": "both.pem", "client-key": "both.pem"},
        "certificate in a file": {"client-certificate": "c.pem", "client-key-data": b64(key)},
        "key in a file": {"client-certificate-data": b64(cert), "client-key": "k.pem"},
        "files that are missing": {"client-certificate": "gone", "client-key": "k.pem"},
        "certificate alone": {"client-certificate-data": b64(cert)},
        "key alone": {"client-key-data": b64(key)},
        "key alone and token": {"client-key-data": b64(key), "token": "good"},
        "and token": {**inline, "token": "good"},
        "and password": {**inline, "username": "kim", "password": "pw"},
        "data and files": {**inline, "client-certificate": "c.pem", "client-key": "k.pem"},
        "data and files that are missing": {**inline, "client-certificate": "gone", "client-key": "gone"},
        "that are empty": {"client-certificate-data": "", "client-key-data": ""},
    }.items():
        yield one(f"pair: {name}", whole(at, user=user), files=files)


def plugins(at: Site) -> Iterator[Case]:
    """What credential plugins answer."""
    leaf = at.ca.issue_cert(common_name="kim")
    cert, key = leaf.cert_chain_pems[0].bytes().decode(), leaf.private_key_pem.bytes().decode()
    pair = {"clientCertificateData": cert, "clientKeyData": key}
    past, zero = "2020-01-01T00:00:00Z", "0001-01-01T00:00:00Z"

    def said(status: Any, **more: Any) -> str:
        answer = {"kind": "ExecCredential", "apiVersion": V1, "status": status, **more}
        return json.dumps({name: value for name, value in answer.items() if value != ""})

    good = said({"token": "good"})
    for name, text in {
        "JSON": good,
        "YAML": f"---\napiVersion: {V1}\nkind: ExecCredential\nstatus:\n  token: good\n",
        "YAML with a number": f"apiVersion: {V1}\nkind: ExecCredential\nstatus:\n  token: 123\n",
        "YAML with a time": f"apiVersion: {V1}\nstatus: {{token: a, expirationTimestamp: 2099-01-01T00:00:00Z}}\n",
        "two YAML documents": f"apiVersion: {V1}\nkind: ExecCredential\nstatus: {{token: good}}\n---\na: b\n",
        "YAML with a tab": f"apiVersion: {V1}\nkind: ExecCredential\nstatus:\n\ttoken: good\n",
        "nothing": "",
        "a word": "good",
        "a list": "[]",
        "null": "null",
        "two JSON documents": good + good,
        "something behind": good + " done",
        "something before": "Signed in.\n" + good,
        "a byte order mark": "\ufeff" + good,
        "blank lines": f"\n\n{good}\n\n",
        "another version": said({"token": "good"}, apiVersion=BETA),
        "an old version": said({"token": "good"}, apiVersion="client.authentication.k8s.io/v1alpha1"),
        "no version": said({"token": "good"}, apiVersion=""),
        "another kind": said({"token": "good"}, kind="TokenReview"),
        "no kind": said({"token": "good"}, kind=""),
        "no status": said(""),
        "null status": said(None),
        "empty status": said({}),
        "status that is a word": said("good"),
        "empty token": said({"token": ""}),
        "null token": said({"token": None}),
        "token that is a number": said({"token": 5}),
        "token in another case": said({"Token": "good"}),
        "token with a line break": said({"token": "good\n"}),
        "token with a control character": said({"token": "go\u0001od"}),
        "token that is not ASCII": said({"token": "g\u00f6\u00f6d"}),
        "half a surrogate pair": said({"token": "\ud800"}),
        "key twice": good[:-1] + ', "kind": "ExecCredential"}',
        "unknown fields": said({"token": "good", "more": {"a": [1]}}, colour="red"),
        "metadata": said({"token": "good"}, metadata={"creationTimestamp": None}),
        "expired": said({"token": "good", "expirationTimestamp": past}),
        "zero time": said({"token": "good", "expirationTimestamp": zero}),
        "null time": said({"token": "good", "expirationTimestamp": None}),
        "empty time": said({"token": "good", "expirationTimestamp": ""}),
        "time that is a number": said({"token": "good", "expirationTimestamp": 1900000000}),
        "time without a zone": said({"token": "good", "expirationTimestamp": "2099-01-01T00:00:00"}),
        "time with fractions": said(
            {"token": "good", "expirationTimestamp": "2099-01-01T00:00:00.123456789Z"}
        ),
        "time with an offset": said({"token": "good", "expirationTimestamp": "2099-01-01T00:00:00+02:00"}),
        "time with a blank": said({"token": "good", "expirationTimestamp": "2099-01-01 00:00:00Z"}),
        "time in small letters": said({"token": "good", "expirationTimestamp": "2099-01-01t00:00:00z"}),
        "a day": said({"token": "good", "expirationTimestamp": "2099-01-01"}),
        "a pair": said(pair),
        "a pair and a token": said({**pair, "token": "good"}),
        "a certificate alone": said({"clientCertificateData": cert}),
        "a key alone": said({"clientKeyData": key}),
        "a token and a certificate alone": said({"token": "good", "clientCertificateData": cert}),
        "a pair that is none": said({"clientCertificateData": "a", "clientKeyData": "b"}),
        "a token and a pair that is none": said(
            {"token": "t", "clientCertificateData": "a", "clientKeyData": "b"}
        ),
        "200 levels": said({"token": "good", "more": json.loads("[" * 200 + "]" * 200)}),
        "20,000 levels": good[:-1] + ', "more": ' + "[" * 20000 + "]" * 20000 + "}",
        "two megabytes": said({"token": "good", "more": "x" * 2_000_000}),
        "a hundred kilobytes of blanks": " " * 100_000 + good,
    }.items():
        yield _plugin(at, f"answer: {name}", {}, says=text.encode("utf-8", "surrogatepass"))
    script = f"#!/bin/sh\necho '{good}'\n"
    for name, changes in {
        "v1beta1": {"apiVersion": BETA},
        "v1alpha1": {"apiVersion": "client.authentication.k8s.io/v1alpha1"},
        "no version": {"apiVersion": None},
        "a version that is none": {"apiVersion": "v1"},
        "no mode": {"interactiveMode": None},
        "no mode of v1beta1": {"interactiveMode": None, "apiVersion": BETA, "command": "./beta"},
        "a mode that is none": {"interactiveMode": "Sometimes"},
        "always": {"interactiveMode": "Always"},
        "if available": {"interactiveMode": "IfAvailable"},
        "no command": {"command": None},
        "an empty command": {"command": ""},
        "a bare command": {"command": "login"},
        "a bare command with blanks": {"command": " login "},
        "a relative command": {"command": "sub/login"},
        "a whole path": {"command": "{dir}/sub/login"},
        "a command with dots": {"command": "./sub/../sub/login"},
        "a command that is not there": {"command": "./gone"},
        "a bare command that is not there": {"command": "gone-from-here"},
        "a directory": {"command": "./sub"},
        "not executable": {"command": "./says"},
        "no interpreter line": {"command": "./plain"},
        "failing": {"command": "./fails"},
        "killed": {"command": "./killed"},
        "args": {"command": "./args", "args": ["good", "a b"]},
        "args that are null": {"args": None},
        "args that are a word": {"args": "x"},
        "args with a number": {"args": [5]},
        "env": {"command": "./env", "env": [{"name": "TOKEN", "value": "good"}]},
        "env twice": {
            "command": "./env",
            "env": [{"name": "TOKEN", "value": "a"}, {"name": "TOKEN", "value": "good"}],
        },
        "env without a value": {"env": [{"name": "A"}]},
        "env without a name": {"env": [{"value": "a"}]},
        "env with an equals sign": {"command": "./env", "env": [{"name": "TOKEN=good", "value": "x"}]},
        "env that is a mapping": {"env": {"A": "b"}},
        "cluster information": {"command": "./info", "provideClusterInfo": True},
        "no cluster information": {"command": "./info", "provideClusterInfo": False},
        "an unknown field": {"colour": "red"},
        "only in the current directory": {"command": "here"},
    }.items():
        yield _plugin(
            at,
            f"plugin: {name}",
            changes,
            says=good.encode(),
            files={
                "beta": script.replace(V1, BETA),
                "sub/login": script,
                "bin/login": script,
                "here": script,
                "plain": script.encode().partition(b"\n")[2],
                "fails": "#!/bin/sh\necho no >&2; exit 7\n",
                "killed": "#!/bin/sh\nkill -9 $$\n",
                "args": script.replace('"good"', '"\'"$1$#"\'"'),
                "env": script.replace('"good"', '"\'"$TOKEN"\'"'),
                "info": script.replace(
                    '"good"',
                    "\"'\"$(echo $KUBERNETES_EXEC_INFO | tr -cd 'a-zA-Z' | tail -c 200 | head -c 40)\"'\"",
                ),
            },
            env={"PATH": ":{dir}/bin:/usr/bin:/bin"} if name.startswith("only") else {},
        )
    for name, more in {
        "and a token": {"token": "inline"},
        "and a password": {"username": "kim", "password": "pw"},
        "and a provider": {"auth-provider": {"name": "oidc", "config": {}}},
        "and as": {"as": "ops"},
    }.items():
        yield _plugin(at, f"plugin {name}", {}, says=good.encode(), user=more)


def _plugin(
    at: Site,
    name: str,
    changes: Json,
    *,
    says: bytes,
    files: dict[str, str | bytes] | None = None,
    env: dict[str, str] | None = None,
    user: Json | None = None,
) -> Case:
    fields: Json = {"command": "./answers", "apiVersion": V1, "interactiveMode": "Never", **changes}
    plugin = {key: value for key, value in fields.items() if value is not None}
    more: dict[str, Any] = {"answers": '#!/bin/sh\ncat "{dir}/says"\n', "says": says, **(files or {})}
    return one(name, whole(at, user={"exec": plugin, **(user or {})}), files=more, env=env or {})


def proxied(at: Site) -> Iterator[Case]:
    """Proxies that a kubeconfig or the environment names, to a server that only they can reach."""
    port = {name: proxy.port for name, proxy in at.proxies.items()}
    http, tls, socks = (
        f"127.0.0.1:{port['http']}",
        f"127.0.0.1:{port['https']}",
        f"127.0.0.1:{port['socks5']}",
    )
    for name, url in {
        "http": f"http://{http}",
        "http in capitals": f"HTTP://{http}",
        "http with a slash": f"http://{http}/",
        "http with a path": f"http://{http}/a?b#c",
        "http with a password": f"http://kim:p%40w@{http}",
        "http with a user": f"http://kim@{http}",
        "https": f"https://{tls}",
        "https with a password": f"https://kim:pw@{tls}",
        "https by another name": f"https://localhost:{port['https']}",
        "https that speaks plain": f"https://{http}",
        "socks5": f"socks5://{socks}",
        "socks5 with a password": f"socks5://kim:pw@{socks}",
        "socks5h": f"socks5h://{socks}",
        "socks4": f"socks4://{socks}",
        "no scheme": http,
        "another scheme": f"ftp://{http}",
        "nothing": "",
        "no host": "http://",
        "spaces around": f" http://{http} ",
        "a number": 3128,
    }.items():
        yield one(f"proxy-url: {name}", whole(at, cluster={"server": at.far_url, "proxy-url": url}))
    for name, env in {
        "http": {"HTTPS_PROXY": f"http://{http}"},
        "small letters": {"https_proxy": f"http://{http}"},
        "no scheme": {"HTTPS_PROXY": http},
        "https": {"HTTPS_PROXY": f"https://{tls}"},
        "socks5": {"HTTPS_PROXY": f"socks5://{socks}"},
        "socks5h": {"HTTPS_PROXY": f"socks5h://{socks}"},
        "only for http": {"HTTP_PROXY": f"http://{http}"},
        "ALL_PROXY": {"ALL_PROXY": f"http://{http}"},
        "excepted": {"HTTPS_PROXY": f"http://{http}", "NO_PROXY": "plant.test"},
        "excepted with its port": {"HTTPS_PROXY": f"http://{http}", "NO_PROXY": "plant.test:6443"},
        "excepted with another port": {"HTTPS_PROXY": f"http://{http}", "NO_PROXY": "plant.test:443"},
        "domain excepted": {"HTTPS_PROXY": f"http://{http}", "NO_PROXY": ".test"},
        "domain with a star": {"HTTPS_PROXY": f"http://{http}", "NO_PROXY": "*.test"},
        "star without a dot": {"HTTPS_PROXY": f"http://{http}", "NO_PROXY": "*test"},
        "all excepted": {"HTTPS_PROXY": f"http://{http}", "NO_PROXY": "a, *"},
        "others excepted": {
            "HTTPS_PROXY": f"http://{http}",
            "NO_PROXY": "10.0.0.0/8,lant.test, ,:6443,x.plant.test",
        },
        "no URL": {"HTTPS_PROXY": "http://[::1"},
    }.items():
        yield one(f"proxy in the environment: {name}", whole(at, cluster={"server": at.far_url}), env=env)
    yield one("proxy in the environment: of loopback", whole(at), env={"HTTPS_PROXY": "http://127.0.0.1:1"})
    both = whole(at, cluster={"server": at.far_url, "proxy-url": f"http://{http}"})
    yield one(
        "proxy-url before the environment", both, env={"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "*"}
    )
