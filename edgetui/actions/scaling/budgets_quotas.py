"""Where the budgets and quotas are that a scale would meet; what may not be read is not spoken of."""

from __future__ import annotations

from functools import partial

from edgetui.model.kinds.base import api_path

BUDGETS = partial(api_path, "policy", "v1", "poddisruptionbudgets")
"""The API path of the PodDisruptionBudgets in a namespace; in all namespaces without one."""
QUOTAS = partial(api_path, "", "v1", "resourcequotas")
"""The API path of the ResourceQuotas in a namespace."""
