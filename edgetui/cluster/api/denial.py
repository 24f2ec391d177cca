"""Who the server says that we are, and what is said when it lets that user read nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from edgetui.model.text import clean

ANONYMOUS = "system:anonymous"
SERVICE_ACCOUNT = "system:serviceaccount:"
_USER = re.compile(r'User "([^"]+)"')
"""How the API server names the user in the message of a 403 (apiserver, endpoints/handlers/responsewriters)."""


def own_namespace(message: str) -> str:
    """The namespace of the ServiceAccount that a 403 names, "" if it names another user."""
    found = _USER.search(message)
    if found is None or not found[1].startswith(SERVICE_ACCOUNT):
        return ""
    return clean(found[1].removeprefix(SERVICE_ACCOUNT).partition(":")[0], 63)


def denied(reasons: Iterable[str]) -> tuple[str, str]:
    """One sentence and the next step, from the server's messages; the user is named as the server names it."""
    found = next((match for reason in reasons if (match := _USER.search(reason))), None)
    user = clean(found[1], 100) if found else ""
    if user == ANONYMOUS:
        return (
            "The server got no credentials from this user, and anonymous access is denied.",
            "Put a token or a client certificate into the kubeconfig, or copy it from the cluster again.",
        )
    return (
        f"{f'The user {user}' if user else 'This user'} may not read all namespaces, nor any that was tried.",
        "Name one that it may read with :ns or -n, ask for the view role, or use another user.",
    )
