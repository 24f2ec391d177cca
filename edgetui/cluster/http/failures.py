"""What a failed connection means, in one plain sentence with the next step."""

from __future__ import annotations

import errno
import socket
import ssl

from edgetui.cluster.errors import EdgetuiError, LinkError, ProtocolError, TlsError
from edgetui.cluster.http.protocol import CHECK_ADDRESS
from edgetui.model.text import clean

# X509_V_ERR_* of OpenSSL's x509_vfy.h.
_NOT_YET_VALID, _EXPIRED = 9, 10
_SELF_SIGNED, _UNKNOWN_ISSUER = 18, (19, 20, 21)
_WRONG_NAME, _WRONG_ADDRESS = 62, 64

NOT_TLS = {
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "HTTPS_PROXY_REQUEST",
    "UNKNOWN_PROTOCOL",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
}
"""What OpenSSL says of a peer whose first bytes are no TLS record."""

_OLD_TLS = {
    "UNSUPPORTED_PROTOCOL",
    "NO_PROTOCOLS_AVAILABLE",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "VERSION_TOO_LOW",
}

_NETWORK = "Check the network, the VPN or the tunnel to it."
_AGAIN = "The link may be bad, or the server may be restarting."

_BY_ERRNO = {
    errno.ECONNREFUSED: (
        "{where} refuses connections.",
        "Check that the API server runs there, and the address in the kubeconfig.",
    ),
    errno.ENETUNREACH: ("There is no route to {where}.", _NETWORK),
    errno.EHOSTUNREACH: ("There is no route to {where}.", _NETWORK),
    errno.ENETDOWN: ("There is no route to {where}.", _NETWORK),
    errno.EHOSTDOWN: ("There is no route to {where}.", _NETWORK),
    errno.EADDRNOTAVAIL: ("There is no route to {where}.", _NETWORK),
    errno.ETIMEDOUT: ("{where} does not answer.", _NETWORK),
    errno.EACCES: ("This machine forbids the connection to {where}.", "Check its firewall and SELinux."),
    errno.EPERM: ("This machine forbids the connection to {where}.", "Check its firewall and SELinux."),
    errno.EMFILE: ("edgetui has too many connections open for this machine.", "Raise `ulimit -n`."),
    errno.ENFILE: ("This machine has too many files open.", "Close other programs on it."),
}


class NotSent(LinkError):
    """No connection came to be, so nothing was sent."""


class Dropped(LinkError):
    """A request went out on a connection that was in use before, and not a byte of an answer came.

    The server had closed the connection meanwhile, most likely without seeing the request.
    """


def explain(error: BaseException, where: str, rest: bytes = b"") -> EdgetuiError:
    """The typed error for a failure of the socket or of TLS; `where` is host and port.

    `rest` is what the peer had sent beyond the five bytes that OpenSSL reads first, if that was no TLS.
    """
    if isinstance(error, EdgetuiError):
        return error
    found = _explained(error, where, rest)
    found.sentence = _capital(found.sentence)
    return found


def _explained(error: BaseException, where: str, rest: bytes) -> EdgetuiError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _explain_verification(error, where)
    if isinstance(error, ssl.SSLError):
        return _explain_tls(error, where, rest)
    if isinstance(error, socket.gaierror):
        return _explain_name(error, where)
    if isinstance(error, ValueError):
        return LinkError(f"The host name of {where} cannot be used.", CHECK_ADDRESS)
    if isinstance(error, OSError) and error.errno in _BY_ERRNO:
        sentence, next_step = _BY_ERRNO[error.errno]
        return LinkError(sentence.format(where=where), next_step)
    return LinkError(f"{where} broke the connection off.", _AGAIN)


def silent(where: str, seconds: float, *, resolving: bool = False, shaking_hands: bool = False) -> LinkError:
    """Nothing came for so long."""
    if resolving:
        return LinkError(
            f"The name {where} could not be looked up within {seconds:.0f} s.",
            "Check the DNS of this machine, or write an IP address in the kubeconfig.",
        )
    if shaking_hands:
        return LinkError(
            _capital(
                f"{where} took the connection but did not finish the TLS handshake within {seconds:.0f} s."
            ),
            "The server is overloaded, or the way to it loses large packets (MTU).",
        )
    return LinkError(_capital(f"{where} did not answer within {seconds:.0f} s."), _NETWORK)


def broken_off(where: str, *, begun: bool) -> LinkError:
    """The connection ended before the answer did; `begun` says whether any of it had come."""
    what = "in the middle of its answer" if begun else "without an answer"
    return LinkError(f"{where} closed the connection {what}.", _AGAIN)


def damaged(where: str) -> LinkError:
    """TLS failed on a connection that had worked: what came is not what the server sent."""
    return LinkError(
        _capital(f"{where} sent something that TLS refused, on a connection that had worked."),
        "If it repeats, something on the way damages the bytes.",
    )


def _not_tls(where: str, rest: bytes) -> ProtocolError:
    if rest.startswith((b"1.0 ", b"1.1 ", b".0 ", b".1 ")):
        return ProtocolError(
            f"{where} speaks plain HTTP, but its address says https.",
            "Check the port in the kubeconfig, or write http:// if this is a local proxy such as kubectl proxy.",
        )
    if rest.startswith((b".0-", b".99-")):
        return ProtocolError(f"{where} is an SSH server, not a Kubernetes API server.", CHECK_ADDRESS)
    return ProtocolError(f"{where} does not speak TLS, so it is not a Kubernetes API server.", CHECK_ADDRESS)


def dropped(where: str) -> Dropped:
    """A kept connection turned out to be closed."""
    return Dropped(f"{where} closed a kept connection without an answer.", _AGAIN)


def _explain_name(error: socket.gaierror, where: str) -> LinkError:
    if error.errno == socket.EAI_AGAIN:
        return LinkError(
            f"The name {where} cannot be looked up now: DNS does not answer.",
            "Check the network and the DNS of this machine.",
        )
    return LinkError(
        f"The host name {where} is unknown.",
        "Check `server` in the kubeconfig, and whether its name needs a VPN's DNS.",
    )


def _explain_verification(error: ssl.SSLCertVerificationError, where: str) -> TlsError:
    code = error.verify_code
    if code == _SELF_SIGNED:
        return TlsError(
            f"{where} shows a self-signed certificate that the kubeconfig does not trust.",
            "Put a fresh kubeconfig from the cluster in the place of this one: edgetui takes it by itself. "
            "If nothing changed there, something else answers.",
        )
    if code in _UNKNOWN_ISSUER:
        return TlsError(
            f"The certificate of {where} is not signed by a CA that the kubeconfig names.",
            "After a reinstallation the CA is another one: put a fresh kubeconfig in the place of this one, "
            "edgetui takes it by itself.",
        )
    if code in (_WRONG_NAME, _WRONG_ADDRESS):
        return TlsError(
            f"The certificate of {where} is for another {'name' if code == _WRONG_NAME else 'address'}.",
            "Use a name from the certificate as `server`, or set `tls-server-name` in the kubeconfig.",
        )
    if code == _EXPIRED:
        return TlsError(
            f"The server certificate of {where} has expired.",
            "Renew it on the host (K3s: restart k3s; MicroK8s: microk8s refresh-certs -e server.crt), "
            "and check the clock of this machine.",
        )
    if code == _NOT_YET_VALID:
        return TlsError(
            f"The server certificate of {where} is not valid yet.", "Check the clocks of both machines."
        )
    return TlsError(
        f"The certificate of {where} is not trusted: {clean(error.verify_message)}.",
        "Check the certificate authority in the kubeconfig.",
    )


def _explain_tls(error: ssl.SSLError, where: str, rest: bytes) -> EdgetuiError:
    reason = error.reason or ""
    words = reason.lower().replace("_", " ")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return LinkError(f"{where} broke the connection off.", _AGAIN)
    if reason in NOT_TLS:
        return _not_tls(where, rest)
    if reason in _OLD_TLS:
        return TlsError(
            f"{where} speaks only a version of TLS that is no longer safe.",
            "Update the server; 1.2 is the least.",
        )
    if "CERTIFICATE_REQUIRED" in reason:
        return TlsError(f"{where} wants a client certificate.", "Use a kubeconfig that holds one.")
    if "ALERT" in reason:
        return TlsError(
            f"{where} refused the TLS handshake: {words.partition('alert ')[2] or words}.",
            "Check the certificates and `tls-server-name` in the kubeconfig.",
        )
    return LinkError(f"TLS with {where} failed: {words or 'no reason given'}.", _AGAIN)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:] if sentence.startswith("the ") else sentence
