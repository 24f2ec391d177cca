"""Why a server refuses us, told from what we hold ourselves.

An API server answers the same bare 401 to an expired certificate, a revoked token and a foreign one, and a
refused client certificate is never a TLS error. So the cause is read from our own certificate's dates and the
token's claims. Nothing here talks to a server or runs anything.
"""

from __future__ import annotations

import msgspec

from edgetui.cluster.target import ClusterTarget
from edgetui.model.expiry import CertificateFacts, TokenFacts, certificate_dates, parse_jwt
from edgetui.model.text import clean, duration

GRACE = 60.0
"""Seconds that API servers still accept an expired token for, and that a clock may differ."""


class CredentialProblem(msgspec.Struct, frozen=True):
    """One plain sentence, and what to do next. `certain` when our own material proves the cause."""

    sentence: str
    next_step: str
    certain: bool = False

    def __str__(self) -> str:
        return f"{self.sentence} {self.next_step}"


def explain_401(target: ClusterTarget, now: float, token: str | None = None) -> CredentialProblem:
    """Why the server of `target` does not know us at Unix time `now`.

    `token` is the bearer token in use, when a file, a plugin, a provider or a rotation put another in the place of
    the kubeconfig's. Nothing is read: what stands in files is handed in as if the kubeconfig held it.
    """
    user = clean(target.user_name or target.name, 60)
    if token is None:
        token = target.auth.token
    certificate = _certificate(target)
    if certificate is not None and not token:
        return _about_certificate(target, user, certificate, now)
    if token:
        problem = _about_token(target, user, token, now)
        if certificate is not None and not problem.certain:
            other = _about_certificate(target, user, certificate, now)
            return other if other.certain else problem
        return problem
    if target.auth.has_client_certificate:
        return CredentialProblem(
            f"The client certificate of {user} cannot be read any more.",
            "Check the file that client-certificate names in the kubeconfig.",
            certain=True,
        )
    return _about_others(target, user)


def issued_too_late(target: ClusterTarget, ago: float) -> CredentialProblem:
    """The server refuses what a plugin itself said had expired so many seconds ago."""
    command = clean(target.auth.exec.command.rpartition("/")[2], 60) if target.auth.exec else ""
    return CredentialProblem(
        f"The credential plugin {command} gave credentials that expired {duration(ago)} ago.",
        "Sign in again with it, and check this host's clock.",
        certain=True,
    )


def _about_certificate(
    target: ClusterTarget, user: str, facts: CertificateFacts, now: float
) -> CredentialProblem:
    if now > facts.not_after:
        gone = duration(now - facts.not_after)
        return CredentialProblem(
            f"The client certificate of {user} expired {gone} ago.", renewal(target), certain=True
        )
    if now < facts.not_before:
        early = duration(facts.not_before - now)
        return CredentialProblem(
            f"The client certificate of {user} is valid only in {early}.",
            "Check the clock of this host; if it is right, the clock of the cluster was ahead.",
            certain=True,
        )
    if not facts.common_name:
        return CredentialProblem(
            f"The client certificate of {user} has no common name, so the server knows no user by it.",
            "Request one with CN set to the user's name.",
            certain=True,
        )
    issuer = f" by {facts.issuer}" if facts.issuer else ""
    left = duration(facts.not_after - now)
    return CredentialProblem(
        f"The server does not accept the client certificate of {user}, issued{issuer} and valid for {left} more.",
        "The cluster was probably made anew, or this is another cluster: copy its kubeconfig again.",
    )


def _about_token(target: ClusterTarget, user: str, token: str, now: float) -> CredentialProblem:
    try:
        facts = parse_jwt(token)
    except ValueError:
        return CredentialProblem(
            f"The server does not accept the token of {user}.",
            "It was revoked or belongs to another cluster: copy the kubeconfig again.",
        )
    if facts.expires and now >= facts.expires:
        gone = duration(now - facts.expires)
        return CredentialProblem(
            f"The token of {user} expired {gone} ago.", _new_token(target, facts), certain=True
        )
    starts = max(facts.not_before, facts.issued)
    if starts > now + GRACE:
        return CredentialProblem(
            f"The token of {user} is valid only in {duration(starts - now)}.",
            "Check the clock of this host, then the cluster's.",
            certain=True,
        )
    if facts.service_account:
        return CredentialProblem(
            f"The server does not accept the token of {user}: it was revoked, or it belongs to another cluster.",
            _new_token(target, facts),
        )
    return CredentialProblem(
        f"The server does not accept the token of {user}, issued by {clean(facts.issuer, 60) or 'an unknown issuer'}.",
        "Check that the cluster trusts that issuer, and sign in again.",
    )


def _new_token(target: ClusterTarget, facts: TokenFacts) -> str:
    if target.auth.exec is not None or target.auth.auth_provider is not None:
        return "Sign in again the way this kubeconfig was made."
    if target.auth.token_file is not None:
        return f"Check what renews {clean(str(target.auth.token_file))}."
    if facts.service_account:
        return (
            "With another kubeconfig for this cluster run: "
            f"kubectl create token {facts.service_account} -n {facts.namespace or 'default'}"
        )
    return "Get a new one where this one came from."


def _about_others(target: ClusterTarget, user: str) -> CredentialProblem:
    auth = target.auth
    if auth.username:
        return CredentialProblem(
            f"The server does not accept the user name and password of {user}.",
            "Kubernetes dropped password files in 1.19: use a token or a certificate, unless a proxy asks for them.",
        )
    if auth.exec is not None:
        command = clean(auth.exec.command.rpartition("/")[2], 60)
        return CredentialProblem(
            f"The server does not accept what the credential plugin {command} gives for {user}.",
            f"Sign in again with {command}, and check that it is meant for this cluster.",
        )
    if auth.auth_provider is not None:
        return CredentialProblem(
            f"The server does not accept the sign-in of {user} with {clean(auth.auth_provider.name, 40)}.",
            "Sign in again the way this kubeconfig was made.",
        )
    return CredentialProblem(
        f"The user {user} has no credentials in the kubeconfig, and the server asks for some.",
        "Add a token or a client certificate to it.",
        certain=True,
    )


def renewal(target: ClusterTarget) -> str:
    """How a client certificate of this kubeconfig is renewed."""
    path = str(target.context_file or target.file or "").lower()
    if "k3s" in path:
        return "On the K3s host: stop k3s, run k3s certificate rotate, start it, and copy k3s.yaml again."
    if "rke2" in path:
        return "On the RKE2 host: stop rke2-server, run rke2 certificate rotate, start it, and copy rke2.yaml again."
    if "microk8s" in path or target.context == "microk8s":
        return "On the MicroK8s host: run microk8s refresh-certs -e ca.crt, then microk8s config again."
    if "k0s" in path:
        return "On the k0s controller: run k0s kubeconfig admin, and use what it prints."
    if "microshift" in path:
        return "On the MicroShift host: restart microshift, and copy its kubeconfig again."
    return "Copy the kubeconfig from the cluster again; on kubeadm hosts run kubeadm certs renew admin.conf first."


def _certificate(target: ClusterTarget) -> CertificateFacts | None:
    pem = target.auth.client_certificate
    try:
        return certificate_dates(pem) if pem else None
    except ValueError:
        return None
