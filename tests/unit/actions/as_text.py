"""Values as text that is the same in every run, for comparing them whole."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from .test_word_for_word import settled


def as_text(value: Any) -> str:
    """One line of JSON; versions, uids and times that differ from run to run are words."""
    told = json.dumps(msgspec.to_builtins(value, enc_hook=str), sort_keys=True, ensure_ascii=False)
    versioned = re.sub(r'("resource_?[vV]ersion": |"version": |, )"\d+"(?=[],}])', r'\1"VERSION"', told)
    return settled(versioned)
