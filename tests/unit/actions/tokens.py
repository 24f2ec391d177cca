"""A cluster that knows service-account tokens, over TLS, and a kubeconfig file that signs in with one of them."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trustme

from edgetui.actions.cli.connect import Connection, choose
from edgetui.actions.credentials.leftovers import maker
from edgetui.actions.messages import Step

from .scripted import DROP, Answer, Request, Server, Watching
from .test_credential import jwt

SECRETS = "/api/v1/namespaces/farm/secrets"
MINT = "/api/v1/namespaces/farm/serviceaccounts/ops/token"
NAME = "system:serviceaccount:farm:ops"
OLD = "edgetui-ops-old"


class Issuer:
    """Secrets, tokens bound to them, and who they are. `fault` answers first where it gives an answer."""

    def __init__(self) -> None:
        self.secrets: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, str] = {}
        self.number = 0
        self.lists = True
        self.fault: Callable[[Request], Answer | None] = lambda request: None
        self.add_secret(OLD)
        self.old = self.mint(OLD)

    def add_secret(self, name: str, **notes: str) -> None:
        self.number += 1
        self.secrets[name] = {
            "metadata": {
                "name": name,
                "namespace": "farm",
                "uid": f"uid-{self.number}",
                "resourceVersion": str(self.number),
                "annotations": notes,
            },
            "type": "Opaque",
        }

    def left(self, name: str, by: str = "") -> None:
        """A Secret as a rotation of this machine makes it."""
        notes = {
            "edgetui/service-account": "ops",
            "edgetui/kubeconfig-user": "kim",
            "edgetui/made-by": by or maker(),
        }
        self.add_secret(name, **notes)

    def mint(self, secret: str) -> str:
        self.number += 1
        bound = {"name": secret, "uid": self.secrets[secret]["metadata"]["uid"]}
        kube = {"namespace": "farm", "serviceaccount": {"name": "ops", "uid": "u"}, "secret": bound}
        token = jwt(sub=NAME, jti=f"id-{self.number:08}", iat=1000, exp=4600, **{"kubernetes.io": kube})
        self.tokens[token] = secret
        return token

    def signs_in(self, token: str) -> bool:
        return self.tokens.get(token) in self.secrets

    def answer(self, request: Request) -> Answer:
        if not self.signs_in(request.token):
            return 401, {"kind": "Status", "reason": "Unauthorized", "code": 401}
        said = self.fault(request)
        if said is not None:
            return said
        if request.path.endswith("/selfsubjectreviews"):
            return 201, {"status": {"userInfo": {"username": NAME}}}
        return self._secrets(request)

    def _secrets(self, request: Request) -> Answer:
        name = request.path.rpartition("/")[2]
        if request.path == MINT:
            token = self.mint(request.body["spec"]["boundObjectRef"]["name"])
            return 201, {"status": {"token": token}}
        if request.path == SECRETS and request.method == "POST":
            if not request.query.get("dryRun"):
                self.add_secret(request.body["metadata"]["name"], **request.body["metadata"]["annotations"])
                return 201, self.secrets[request.body["metadata"]["name"]]
            return 201, request.body
        if request.path == SECRETS:
            return (200, {"items": list(self.secrets.values())}) if self.lists else (403, {})
        if name not in self.secrets:
            return 404, {}
        if request.method == "DELETE":
            return 200, self.secrets.pop(name)
        return 200, self.secrets[name]


class Rotating:
    """An Issuer, a session that signs in with its first token, and a gate that agrees and can be interrupted."""

    def __init__(
        self, issuer: Issuer, session: Connection, server: Server, hands: Watching, file: Path
    ) -> None:
        self.issuer, self.session, self.server, self.hands, self.file = issuer, session, server, hands, file
        self.on_step: Callable[[Step], None] = lambda step: None
        hands.gate.progress = self._step

    def _step(self, step: Step) -> None:
        self.hands.steps.append(step)
        self.on_step(step)

    @property
    def in_file(self) -> str:
        """The token in the kubeconfig file."""
        token: str = json.loads(self.file.read_text())["users"][0]["user"]["token"]
        return token

    @property
    def said(self) -> str:
        """Every step, as one text."""
        return "\n".join(step.text for step in self.hands.steps)


@asynccontextmanager
async def rotating(folder: Path) -> AsyncIterator[Rotating]:
    """A cluster, its kubeconfig file in `folder`, and a session on it."""
    authority, issuer = trustme.CA(), Issuer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = Server(issuer.answer)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    (folder / "ca.pem").write_bytes(authority.cert_pem.bytes())
    file = folder / "config"
    file.write_text(json.dumps(_kubeconfig(port, folder / "ca.pem", issuer.old)))
    session = Connection(choose([file], []))
    try:
        yield Rotating(issuer, session, server, Watching(folder), file)
    finally:
        session.close()
        listening.close()


def _kubeconfig(port: int, authority: Path, token: str) -> dict[str, Any]:
    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(authority)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "plant",
        "clusters": [{"name": "plant", "cluster": cluster}],
        "contexts": [{"name": "plant", "context": {"cluster": "plant", "user": "kim"}}],
        "users": [{"name": "kim", "user": {"token": token}}],
    }


__all__ = ["DROP", "MINT", "OLD", "SECRETS", "Issuer", "Rotating", "rotating"]
