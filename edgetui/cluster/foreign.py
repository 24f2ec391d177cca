"""Answers that no Kubernetes API server gives: web pages, redirections, another scheme, an unknown path.

They come from routers, sign-in portals, a wrong port or a wrong path prefix. An API server answers JSON; plain
text comes with a path it does not serve ("404 page not found") and with requests that its TLS port cannot read.
"""

from __future__ import annotations

from collections.abc import Mapping

from edgetui.cluster.errors import ApiError, EdgetuiError, NotFound, ProtocolError

_CHECK = "Check host, port and path of `server:` in the kubeconfig."
_WANTS_TLS = (b"request to an HTTPS server", b"request was sent to HTTPS port")
"""What Go's servers (K3s, kube-apiserver) and nginx say to HTTP on a TLS port."""


def stranger(status: int, headers: Mapping[str, str], body: bytes = b"") -> ProtocolError | None:
    """What answered, if it cannot be an API server.

    401 and 5xx pages may come from something in front of one, so they are left to say what they say.
    """
    if 300 <= status < 400:
        return ProtocolError(
            "The server redirects to another address, so it is not a Kubernetes API server.", _CHECK
        )
    if status == 400 and any(words in body for words in _WANTS_TLS):
        return ProtocolError(
            "The server speaks HTTPS, but its address says http.",
            "Write https:// in `server:` of the kubeconfig.",
        )
    if status != 401 and status < 500 and is_page(headers):
        return ProtocolError("A web page answers there, not a Kubernetes API server.", _CHECK)
    return None


def is_page(headers: Mapping[str, str]) -> bool:
    """Whether the body is meant for a browser."""
    return headers.get("content-type", "").lower().startswith(("text/html", "application/xhtml"))


def no_api() -> ProtocolError:
    """The error for a server that speaks HTTP and JSON, but not about Kubernetes objects."""
    return ProtocolError("What answers there is not a Kubernetes API server.", _CHECK)


def without_core(error: EdgetuiError) -> EdgetuiError:
    """The error for a collection that every API server has; a bare 404 means that there is none."""
    if isinstance(error, NotFound) and not error.reason:
        return ProtocolError("There is no Kubernetes API at this address (HTTP 404).", _CHECK)
    return error


def behind_gateway(error: ApiError) -> ApiError:
    """The same error, said as what it is: a page of 5xx is from a gateway that cannot reach the API server."""
    error.sentence = f"A gateway answers for the API server: HTTP {error.code}."
    error.next_step = "The API server behind it is down or starting; edgetui keeps trying."
    return error
