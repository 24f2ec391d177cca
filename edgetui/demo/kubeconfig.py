"""The kubeconfig of the demo fleet: one context per site, a service account token each, and a badge."""

from __future__ import annotations

import base64
from typing import NamedTuple

BADGE = "DEMO"


class Entry(NamedTuple):
    """One site as a client sees it."""

    name: str
    server: str
    ca_pem: bytes
    token: str

    def __repr__(self) -> str:
        return f"Entry({self.name!r}, {self.server!r})"


def kubeconfig(entries: list[Entry]) -> str:
    """The file's text. The badge travels as a cluster extension named "edgetui"."""
    lines = ["apiVersion: v1", "kind: Config", "clusters:"]
    for entry in entries:
        lines += [
            f"- name: {entry.name}",
            "  cluster:",
            f"    server: {entry.server}",
            f"    certificate-authority-data: {base64.b64encode(entry.ca_pem).decode()}",
            "    extensions:",
            "    - name: edgetui",
            "      extension:",
            f"        badge: {BADGE}",
        ]
    lines.append("contexts:")
    for entry in entries:
        lines += [
            f"- name: {entry.name}",
            "  context:",
            f"    cluster: {entry.name}",
            f"    user: {entry.name}-operator",
        ]
    lines.append(f"current-context: {entries[0].name}")
    lines.append("users:")
    for entry in entries:
        lines += [f"- name: {entry.name}-operator", "  user:", f"    token: {entry.token}"]
    return "\n".join(lines) + "\n"
