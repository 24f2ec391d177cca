"""What an API server says of itself and of this user: the second half of the steps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from email.utils import parsedate_to_datetime
from typing import Protocol

from edgetui.actions.catalogue import Access
from edgetui.actions.gate.permissions import ask
from edgetui.cluster.api.client import Api
from edgetui.cluster.api.denial import ANONYMOUS, denied
from edgetui.cluster.api.metrics import VERSIONS
from edgetui.cluster.api.probe import gzips_watches, identify, rbac_is_off
from edgetui.cluster.api.status import FOREIGN, not_kubernetes
from edgetui.cluster.api.versions import versions_of
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import ApiError, EdgetuiError, Forbidden, NotFound, Unauthorized
from edgetui.cluster.session import FIRST_PAINT
from edgetui.cluster.target import ClusterTarget
from edgetui.doctor.step import (
    AUTHENTICATION,
    CLOCK,
    GZIP,
    METRICS,
    RIGHTS,
    SERVER,
    WATCHLIST,
    Step,
)
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Kind, api_path
from edgetui.model.text import clean, duration

APART = 30.0
"""Seconds that two clocks may differ: a server still accepts a token that ended a minute ago."""
_ROLES = "docs/rbac has Roles to apply, for a viewer, a scaler and an operator."
_BETWEEN = "Look at what stands between here and the API server, and at `server:` in the kubeconfig."
_NOBODY = "metadata.name=edgetui-doctor"
_END_OF_LIST = b"k8s.io/initial-events-end"


class Examination(Protocol):
    """The examination that these steps belong to; `timeout` is seconds for each."""

    target: ClusterTarget
    timeout: float
    clock: Callable[[], float]
    steps: list[Step]
    credentials: Credentials

    def step(self, name: str) -> AbstractContextManager[Step]:
        """A step to be tried inside."""


async def ask_server(examination: Examination, api: Api) -> None:
    """The steps from the API server on, the clock among them even where this user is not accepted. Raises Stopped."""
    version, refused = await _server(examination, api)
    await _clock(examination, api)
    await _authentication(examination, api, refused)
    readable = await _rights(examination, api)
    await _watchlist(examination, api, readable)
    _gzip(examination, version)
    await _metrics(examination, api)


async def _server(examination: Examination, api: Api) -> tuple[str, Unauthorized | None]:
    """The server's version, and its 401 if it says one."""
    refused: Unauthorized | None = None
    version = ""
    with examination.step(SERVER) as step:
        begun = asyncio.get_running_loop().time()
        try:
            await identify(api, "", examination.timeout)
            took = asyncio.get_running_loop().time() - begun
            version = await _version(api, examination.timeout)
            step.text = f"{clean(version, 40) or 'version not told'}, answered in {took * 1000:.0f} ms"
        except Unauthorized as error:
            refused = error
            step.text = "it answers"
        except ApiError as error:
            step.wrong(error.sentence, error.next_step or _BETWEEN)
    return version, refused


async def _version(api: Api, timeout: float) -> str:
    """The server's version, empty where it is kept from this user. Raises ProtocolError for no Kubernetes."""
    try:
        answer = await api.get("/version", timeout=timeout)
    except ApiError as error:
        if not error.reason:
            raise not_kubernetes(f"HTTP status {error.code}") from None
        return ""
    version = answer.get("gitVersion") if isinstance(answer, Mapping) else None
    if not isinstance(version, str):
        raise not_kubernetes(FOREIGN)
    return version


async def _authentication(examination: Examination, api: Api, refused: Unauthorized | None) -> None:
    with examination.step(AUTHENTICATION) as step:
        if refused is not None:
            problem = examination.credentials.explain_refusal()
            step.wrong(problem.sentence, problem.next_step)
            return
        try:
            review = await api.review("SelfSubjectReview", {}, timeout=examination.timeout)
        except NotFound:
            step.text = "accepted; the server is too old to say as whom"
            return
        except Forbidden as error:
            if ANONYMOUS in error.sentence:
                step.wrong(*denied([f'User "{ANONYMOUS}"']))
            step.text = step.text or "accepted; this user may not ask as whom"
            return
        status = review.get("status")
        user = status.get("userInfo") if isinstance(status, Mapping) else None
        name = str(user.get("username") or "") if isinstance(user, Mapping) else ""
        if name == ANONYMOUS:
            step.wrong(*denied([f'User "{ANONYMOUS}"']))
        step.text = step.text or f"accepted as {clean(name, 100) or 'somebody without a name'}"


async def _rights(examination: Examination, api: Api) -> list[tuple[Kind, str]]:
    """The kinds of the first panes that may be read, each with the namespace, empty for all."""
    namespace = examination.target.namespace or "default"
    readable: list[tuple[Kind, str]] = []
    missing: list[str] = []
    with examination.step(RIGHTS) as step:
        kinds = [KINDS[name] for name in FIRST_PAINT]
        for kind, where in zip(
            kinds, await asyncio.gather(*(_where(api, kind, namespace) for kind in kinds)), strict=True
        ):
            if where is None:
                missing.append(kind.plural)
            else:
                readable.append((kind, where))
        here = [kind.plural for kind, where in readable if where]
        if not readable:
            step.wrong(
                f"This user may read nothing of what the panes show, neither in all namespaces nor in {namespace}.",
                f"Name a namespace with -n, or ask for the view role. {_ROLES}",
            )
        elif missing or here:
            words = [f"only in namespace {namespace}: {', '.join(here)}"] if here else []
            words += [f"not allowed: {', '.join(missing)}"] if missing else []
            step.notice("; ".join(words), _ROLES if missing else "")
        elif await rbac_is_off(api, namespace):
            step.notice(
                "RBAC is off: everybody whom the server accepts may do everything",
                "Turn it on; on MicroK8s: microk8s enable rbac.",
            )
        else:
            step.text = "all panes may be read, in all namespaces"
    return readable


async def _where(api: Api, kind: Kind, namespace: str) -> str | None:
    for where in ("", namespace) if kind.namespaced else ("",):
        needs = (Access(verb, kind.plural, kind.group) for verb in ("list", "watch"))
        if all([await ask(api, need, where) for need in needs]):
            return where
    return None


async def _watchlist(examination: Examination, api: Api, readable: list[tuple[Kind, str]]) -> None:
    """Asks for the streaming list of an object that nobody has: only its end comes."""
    with examination.step(WATCHLIST) as step:
        kind, namespace = readable[0]
        query = {
            "watch": "1",
            "sendInitialEvents": "true",
            "resourceVersionMatch": "NotOlderThan",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": "1",
            "fieldSelector": _NOBODY,
        }
        try:
            body = await api.get_bytes(kind.path(namespace), query, timeout=examination.timeout)
        except ApiError:
            body = b""
        step.text = "lists are streamed"
        if _END_OF_LIST not in body:
            step.text = "no streamed lists here: they are asked for page by page, which costs more at a start"


def _gzip(examination: Examination, version: str) -> None:
    with examination.step(GZIP) as step:
        if examination.target.disable_compression:
            step.notice(
                "The kubeconfig turns compression off: lists cost about ten times the bytes.",
                "Remove disable-compression on a slow link.",
            )
        elif version and gzips_watches(version):
            step.text = "lists and watches are compressed"
        else:
            step.text = "lists are compressed; watches are from Kubernetes 1.37 on"


async def _metrics(examination: Examination, api: Api) -> None:
    with examination.step(METRICS) as step:
        try:
            served = versions_of(await api.get_bytes("/apis/metrics.k8s.io", timeout=examination.timeout))
            version = next((each for each in VERSIONS if each in served), "")
            if not version:
                step.skipped("no version that edgetui reads, so there are no figures of CPU and memory")
                return
            await api.get_bytes(
                api_path("metrics.k8s.io", version, "nodes"), {"limit": "1"}, timeout=examination.timeout
            )
            step.text = f"metrics.k8s.io/{version}"
        except NotFound:
            step.skipped("no metrics server, so there are no figures of CPU and memory")
        except ApiError as error:
            step.notice(f"There are no figures of CPU and memory: {error.sentence}", error.next_step)


async def _clock(examination: Examination, api: Api) -> None:
    """The Date of an answer beside this machine's clock; it has whole seconds and came half a round trip ago."""
    step = Step(CLOCK)
    examination.steps.append(step)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    try:
        response = await api.transport.request("GET", "/version", timeout=examination.timeout)
        step.seconds = loop.time() - begun
        said = parsedate_to_datetime(response.headers["date"]).timestamp() + 0.5
    except (EdgetuiError, KeyError, ValueError):
        step.skipped("the server does not tell its time")
        return
    ahead = examination.clock() - step.seconds / 2 - said
    if abs(ahead) <= APART:
        step.text = (
            "within a few seconds of the server's" if abs(ahead) < 3 else f"{duration(abs(ahead))} apart"
        )
        return
    step.notice(
        f"This host's clock is {duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} the server's.",
        "Set the wrong one: certificates and tokens end by the clock.",
    )
