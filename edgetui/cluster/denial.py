"""What is said when a server knows the user and lets it read nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterable

from edgetui.model.text import clean

ANONYMOUS = "system:anonymous"
_USER = re.compile(r'User "([^"]+)"')
"""How the API server names the user in the message of a 403 (apiserver, endpoints/handlers/responsewriters)."""


def denied(reasons: Iterable[str]) -> tuple[str, str]:
    """One sentence and the next step, from the server's messages; the user is named as the server names it."""
    found = next((match for reason in reasons if (match := _USER.search(reason))), None)
    user = clean(found[1], 100) if found else ""
    if user == ANONYMOUS:
        return (
            "The server got no credentials from this user, and shows nothing to strangers.",
            "Put a token or a client certificate into the kubeconfig, or copy it from the cluster again.",
        )
    return (
        f"The user {user} may not read anything that edgetui shows."
        if user
        else "This user may not read anything that edgetui shows.",
        "Ask for the view role, name a namespace you may read with -n, or use another user.",
    )
