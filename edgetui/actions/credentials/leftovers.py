"""Secrets that rotations on this machine made and nobody uses: what a run leaves that was killed on its way.

Each may have a token that still works, so it is named; edgetui deletes none of them by itself.
"""

from __future__ import annotations

import asyncio
import socket

import msgspec

from edgetui.actions.gate.audit import AuditLog, who
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.reading import items
from edgetui.actions.session import Session
from edgetui.cluster.api.client import NAMES_ONLY
from edgetui.cluster.api.status import UNDECODABLE
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.expiry import TokenFacts
from edgetui.model.kinds.base import api_path

OURS = {"app.kubernetes.io/managed-by": "edgetui"}
ACCOUNT, USER, MADE_BY = "edgetui/service-account", "edgetui/kubeconfig-user", "edgetui/made-by"


def maker() -> str:
    """Who makes Secrets here, as their annotation has it."""
    return f"{who()['user']}@{socket.gethostname()}"


async def left_secrets(session: Session, facts: TokenFacts, log: AuditLog | None) -> tuple[str, ...]:
    """Their names, sorted. Where Secrets may not be listed, those of runs that have no end in the record."""
    path = api_path("", "v1", "secrets", facts.namespace)
    mine = {ACCOUNT: facts.service_account, USER: session.target.user_name, MADE_BY: maker()}
    query = {"labelSelector": ",".join(f"{name}={value}" for name, value in OURS.items())}
    try:
        body = await session.api.get_bytes(path, query, headers=NAMES_ONLY)
        found = [one["metadata"] for one in items(msgspec.json.decode(body))]
    except (EdgetuiError, *UNDECODABLE):
        return await _of_the_record(session, path, facts, log)
    return tuple(
        sorted(
            one["name"]
            for one in found
            if one["name"] != facts.bound_name and mine.items() <= (one.get("annotations") or {}).items()
        )
    )


async def _of_the_record(
    session: Session, path: str, facts: TokenFacts, log: AuditLog | None
) -> tuple[str, ...]:
    if log is None:
        return ()
    try:
        records = await asyncio.to_thread(lambda: list(log.recent(path)))
    except Refusal:
        return ()
    made: dict[str, str] = {}
    gone: set[str] = set()
    for one in records:
        run, write = str(one.get("run")), str(one.get("write"))
        if (one.get("user"), one.get("cluster")) != (session.target.user_name, session.name):
            continue
        if one.get("event") == "intent" and write == f"POST {path}":
            made[_secret(one)] = run
        elif one.get("event") == "result" and one.get("result") == "done" and write.startswith("DELETE "):
            gone.add(write.rpartition("/")[2])
    finished = await asyncio.to_thread(_finished, log, set(made.values()))
    return tuple(
        sorted(
            name
            for name, run in made.items()
            if name not in gone and name != facts.bound_name and run not in finished
        )
    )


def _secret(intent: Json) -> str:
    return str((intent.get("after") or {}).get("secret", ""))


def _finished(log: AuditLog, runs: set[str]) -> set[str]:
    """The runs that came to an end of their own: what they left is in use, or was taken away."""
    return {
        str(one.get("run"))
        for one in log.recent('"event":"outcome"')
        if one.get("run") in runs and one.get("result") in ("reached", "failed")
    }
