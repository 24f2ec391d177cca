"""Which credential a kubeconfig user is, and why one that is not a service-account token is not rotated here."""

from __future__ import annotations

import os
from collections.abc import Sequence

from edgetui.actions.messages import Refusal
from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig.loader import reload
from edgetui.cluster.target import ClusterTarget
from edgetui.model.expiry import TokenFacts, parse_jwt

SERVICE_ACCOUNT = "system:serviceaccount:"
_PERSONAL = "Or make a personal kubeconfig file with a service-account token: that one can be rotated here."

# Where each distribution keeps its own files, and how their credentials are renewed on the host.
_RUNBOOKS = (
    (
        "rancher/k3s",
        "On the host: stop k3s, run `k3s certificate rotate`, start k3s; servers first, then agents.",
    ),
    (
        "rancher/rke2",
        "On the host: stop rke2, run `rke2 certificate rotate`, start it; servers first, then agents.",
    ),
    (
        "microk8s",
        "On the host: `microk8s refresh-certs -e ca.crt` (every node has to join again afterwards).",
    ),
    ("k0s", "On the host: restart the k0s controller, which renews its certificates."),
    ("microshift", "On the host: restart microshift, which renews its certificates."),
)


def service_account_token(target: ClusterTarget, token: str) -> TokenFacts:
    """The facts of the service-account token that this user signs in with (`token` is what it sends now).

    Raises Refusal, with why not and what to do instead, for every other kind of credential.
    """
    require_token_of_its_own(target)
    if not token or target.file is None:
        raise Refusal(f"{target.user_name} has no token in a kubeconfig file.", _PERSONAL)
    facts = facts_of(token)
    if facts is None:
        raise Refusal(
            f"The token of {target.user_name} is not a service-account token: the server alone knows what it is.",
            f"Get a new one where this one came from. {_PERSONAL}",
        )
    if not facts.subject.startswith(SERVICE_ACCOUNT):
        raise Refusal(
            f"The token of {target.user_name} was issued by an identity provider, not by this cluster.",
            "Sign in there again to get a new one.",
        )
    return facts


def require_token_of_its_own(target: ClusterTarget) -> None:
    """Raise Refusal for a user without a token in the kubeconfig file itself; runs no plugin to find out."""
    if target.error is not None:
        raise Refusal(target.error.sentence, target.error.next_step)
    _refuse_distribution(target)
    _refuse_impersonation(target)
    _refuse_without_token(target)


def facts_of(token: str) -> TokenFacts | None:
    """What a JSON Web Token says of itself; None when it is not one."""
    try:
        return parse_jwt(token)
    except ValueError:
        return None


def bearer(headers: Sequence[tuple[str, str]]) -> str:
    """The bearer token in request headers, empty when there is none."""
    scheme, _, token = dict(headers).get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def token_in_file(target: ClusterTarget) -> str:
    """The token that the kubeconfig file holds for this user now. Raises Refusal when that cannot be told."""
    try:
        return reload(target, os.environ).auth.token
    except KubeconfigError as problem:
        raise Refusal(problem.sentence, problem.next_step or "Mend the file, then try again.") from None


def _refuse_distribution(target: ClusterTarget) -> None:
    if not target.owned_by_distribution:
        return
    path = str(target.file or target.context_file or "")
    runbook = next((words for part, words in _RUNBOOKS if part in path), "Renew it on the host.")
    raise Refusal(
        f"{path} belongs to the Kubernetes distribution, which writes it anew at every start.",
        f"{runbook} {_PERSONAL}",
    )


def _refuse_impersonation(target: ClusterTarget) -> None:
    if target.impersonate.user:
        raise Refusal(
            f"This context acts as {target.impersonate.user} (impersonation): that is not whose token it is.",
            "Use a context without impersonation to rotate the token.",
        )


def _refuse_without_token(target: ClusterTarget) -> None:
    auth = target.auth
    user = target.user_name
    if auth.exec is not None:
        raise Refusal(
            f"The credential of {user} comes from the plugin {auth.exec.command}, which renews it by itself.",
            "Use the plugin's own way to sign out and in again.",
        )
    if auth.auth_provider is not None:
        raise Refusal(
            f"The token of {user} comes from the identity provider ({auth.auth_provider.name}).",
            "Sign in there again to get a new one.",
        )
    if auth.token_file is not None:
        raise Refusal(
            f"The token of {user} is in {auth.token_file}, which something else keeps up to date.",
            "Rotate it where that file is written.",
        )
    if auth.token:
        return
    if auth.has_client_certificate:
        raise Refusal(
            f"{user} signs in with a client certificate, not with a token; a certificate cannot be revoked.",
            "Request a new one (CertificateSigningRequest, signer kubernetes.io/kube-apiserver-client) and have it "
            f"approved; the old one is valid until its end. {_PERSONAL}",
        )
    if auth.username:
        raise Refusal(
            f"{user} signs in with a user name and password, which only the server's own files can change.",
            _PERSONAL,
        )
    raise Refusal(f"{user or target.name} has no credentials: there is nothing to rotate.", _PERSONAL)
