"""The man page, from what `--help` of each command says: pure text in, text out."""

from __future__ import annotations

from collections.abc import Mapping


def man_page(version: str, helps: Mapping[str, str], day: str) -> str:
    """edgetui(1): `helps` has the help text of each command, that of the screen under the empty name.

    What says the same as that, as `help` does, is not said twice.
    """
    lines = [
        f'.TH EDGETUI 1 "{day}" "edgetui {version}" "User Commands"',
        ".SH NAME",
        "edgetui \\- a terminal for many small Kubernetes clusters",
        ".SH DESCRIPTION",
        *_verbatim(helps[""]),
    ]
    for name, text in helps.items():
        if name and text != helps[""]:
            lines += [f".SH EDGETUI {name.upper()}".replace("-", "\\-"), *_verbatim(text)]
    lines += [
        ".SH FILES",
        "~/.local/state/edgetui/audit.jsonl, ~/.cache/edgetui, ~/.config/edgetui",
        ".SH SEE ALSO",
        "kubectl(1); edgetui doctor says what is wrong with a cluster.",
    ]
    return "\n".join(lines) + "\n"


def _verbatim(text: str) -> list[str]:
    escaped = (line.replace("\\", "\\e").replace("-", "\\-") for line in text.rstrip().splitlines())
    return [".nf", *(f"\\&{line}" if line[:1] in (".", "'") else line for line in escaped), ".fi"]
