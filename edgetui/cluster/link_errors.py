"""What a failed connection means, in one plain sentence with the next step."""

from __future__ import annotations

import errno
import socket
import ssl

from edgetui.cluster.errors import EdgetuiError, LinkError, ProtocolError, TlsError

# X509_V_ERR_* of OpenSSL's x509_vfy.h.
_UNKNOWN_ISSUER = {18, 19, 20, 21}
_NOT_YET_VALID, _EXPIRED = 9, 10
_WRONG_NAME = {62, 64}

_REFUSED = (
    "{where} refuses connections.",
    "The API server is not running there, or a firewall is in between; edgetui keeps trying.",
)
_UNREACHABLE = ("{where} cannot be reached.", "Check the network, VPN or tunnel; edgetui keeps trying.")
_SILENT = ("{where} does not answer.", "Check the network, VPN or tunnel; edgetui keeps trying.")
_BROKEN = ("{where} broke the connection off.", "edgetui tries again by itself.")

_BY_ERRNO = {
    errno.ECONNREFUSED: _REFUSED,
    errno.ENETUNREACH: _UNREACHABLE,
    errno.EHOSTUNREACH: _UNREACHABLE,
    errno.ENETDOWN: _UNREACHABLE,
    errno.ETIMEDOUT: _SILENT,
}


def explain(error: BaseException, where: str) -> EdgetuiError:
    """The typed error for a failure of the socket or of TLS; `where` is host and port."""
    if isinstance(error, EdgetuiError):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        return _explain_verification(error, where)
    if isinstance(error, ssl.SSLError):
        return _explain_tls(error, where)
    if isinstance(error, socket.gaierror):
        return LinkError(
            f"The name of {where} cannot be resolved.",
            "Check `server:` in the kubeconfig and the DNS of this machine.",
        )
    if isinstance(error, TimeoutError):
        text = _SILENT
    elif isinstance(error, OSError) and error.errno in _BY_ERRNO:
        text = _BY_ERRNO[error.errno]
    else:
        text = _BROKEN
    return LinkError(text[0].format(where=where), text[1])


def _explain_verification(error: ssl.SSLCertVerificationError, where: str) -> EdgetuiError:
    code = error.verify_code
    if code in _UNKNOWN_ISSUER:
        return TlsError(
            f"The certificate of {where} is not signed by the CA in the kubeconfig.",
            "Take a fresh kubeconfig from the cluster; if the cluster was rebuilt, its CA changed.",
        )
    if code in _WRONG_NAME:
        return TlsError(
            f"The certificate of {where} is for another name.",
            "Use a name from the certificate in `server:`, or set `tls-server-name` in the kubeconfig.",
        )
    if code == _EXPIRED:
        return TlsError(
            f"The server certificate of {where} has expired.",
            "Renew it on the host (K3s: restart k3s; MicroK8s: microk8s refresh-certs -e server.crt).",
        )
    if code == _NOT_YET_VALID:
        return TlsError(
            f"The server certificate of {where} is not valid yet.", "Check the clock of this machine."
        )
    return TlsError(
        f"The certificate of {where} is not trusted ({error.verify_message}).", "Check the kubeconfig's CA."
    )


def _explain_tls(error: ssl.SSLError, where: str) -> EdgetuiError:
    reason = error.reason or ""
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return LinkError(_BROKEN[0].format(where=where), _BROKEN[1])
    if reason in (
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "UNKNOWN_PROTOCOL",
        "RECORD_LAYER_FAILURE",
        "PACKET_LENGTH_TOO_LONG",
    ):
        return ProtocolError(
            f"{where} does not speak TLS, so it is not a Kubernetes API server.",
            "Check the port in `server:` of the kubeconfig.",
        )
    if "ALERT" in reason:
        return TlsError(
            f"{where} refused the TLS handshake ({reason.lower().replace('_', ' ')}).",
            "Check the certificates in the kubeconfig.",
        )
    return LinkError(
        f"TLS with {where} failed ({reason.lower().replace('_', ' ') or 'no reason given'}).",
        "edgetui tries again.",
    )
