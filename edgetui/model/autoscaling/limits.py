"""What a number of replicas meets beside autoscalers: PodDisruptionBudgets and ResourceQuotas, as the API has them.

The sums are those of the disruption controller and of the quota admission plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor
from typing import Any

import msgspec

from edgetui.model.text import clean, memory, plural, quantity

Json = dict[str, Any]

_POD_COUNTS = ("pods", "count/pods")
_UNIT = 1e-9  # what is left after a subtraction of quantities is not exact


class Limits(msgspec.Struct, frozen=True):
    """The budgets that select the pods of one workload, and the quotas of its namespace, with what one pod asks for.

    `asks` is by the quota's own names: "pods", "requests.cpu", "limits.memory". `unreadable` counts those of them of
    which nothing can be said.
    """

    budgets: tuple[Json, ...] = ()
    quotas: tuple[Json, ...] = ()
    asks: Mapping[str, float] = msgspec.field(default_factory=dict)
    unreadable: int = 0

    def warnings(self, now: int, running: int, wanted: int) -> list[str]:
        """What going from `now` (wanted) and `running` (there) to `wanted` replicas meets."""
        found = [_disrupted(budget, now, wanted) for budget in self.budgets] if wanted < now else []
        if wanted > running:
            found += [_short(quota, self.asks, wanted - running) for quota in self.quotas]
        if self.unreadable:
            found.append(f"{plural(self.unreadable, 'budget or quota', 'budgets or quotas')} cannot be read.")
        return [sentence for sentence in found if sentence]


def limits(budgets: list[Json], quotas: list[Json], template: Json) -> Limits:
    """What concerns pods of this template."""
    labels = (template.get("metadata") or {}).get("labels") or {}
    asks = asked_by(template.get("spec") or {})
    ours, odd_budgets = _sound(budgets, lambda one: selects(one["spec"].get("selector"), labels), asks)
    plain, odd_quotas = _sound(quotas, lambda one: not _scoped(one["spec"]), asks)
    return Limits(ours, plain, asks, odd_budgets + odd_quotas)


def _sound(
    found: list[Json], concerns: Callable[[Json], bool], asks: Mapping[str, float]
) -> tuple[tuple[Json, ...], int]:
    """Those that concern the pods, and the number of those that nothing can be said of: each costs itself only."""
    ours: list[Json] = []
    odd = 0
    for one in found:
        try:
            if concerns(one):
                Limits((one,), (), asks).warnings(2, 2, 1)
                Limits((), (one,), asks).warnings(1, 1, 2)
                ours.append(one)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            odd += 1
    return tuple(ours), odd


def selects(selector: Json | None, labels: Mapping[str, str]) -> bool:
    """Whether a label selector takes these labels; an empty one takes all, none at all takes nothing."""
    if selector is None:
        return False
    for name, value in (selector.get("matchLabels") or {}).items():
        if labels.get(name) != value:
            return False
    expressions = selector.get("matchExpressions") or ()
    return all(holds(one["operator"], one["key"], one.get("values") or (), labels) for one in expressions)


def holds(operator: str, name: str, values: Sequence[str], labels: Mapping[str, str]) -> bool:
    """Whether labels pass one expression of a selector: In, NotIn, Exists or DoesNotExist."""
    if operator == "Exists":
        return name in labels
    if operator == "DoesNotExist":
        return name not in labels
    return (labels.get(name) in values) is (operator == "In")


def asked_by(spec: Json) -> dict[str, float]:
    """What one pod of this spec counts for, by the names that quotas use; a request left out is its limit."""
    asked: dict[str, float] = dict.fromkeys(_POD_COUNTS, 1.0)
    beside = [one for one in spec.get("initContainers") or () if one.get("restartPolicy") == "Always"]
    first = [one for one in spec.get("initContainers") or () if one.get("restartPolicy") != "Always"]
    together = [*(spec.get("containers") or ()), *beside]
    for kind in ("requests", "limits"):
        for name in sorted({name for one in (*together, *first) for name in _amounts(one, kind)}):
            running = sum(_amounts(one, kind).get(name, 0.0) for one in together)
            asked[f"{kind}.{name}"] = max([running, *(_amounts(one, kind).get(name, 0.0) for one in first)])
    for name in ("cpu", "memory", "ephemeral-storage"):
        if f"requests.{name}" in asked:
            asked[name] = asked[f"requests.{name}"]
    return asked


def _amounts(container: Json, kind: str) -> dict[str, float]:
    resources = container.get("resources") or {}
    given = dict(resources.get("limits") or {}) if kind == "requests" else {}
    given |= resources.get(kind) or {}
    return {name: quantity(str(amount)) or 0.0 for name, amount in given.items()}


def _scoped(spec: Json) -> bool:
    """Whether a quota counts only some pods: which ones cannot be told from a template."""
    return bool(spec.get("scopes") or spec.get("scopeSelector"))


def _disrupted(budget: Json, now: int, wanted: int) -> str:
    name = clean(budget["metadata"]["name"], 60)
    needed = required(budget, wanted)
    if wanted < needed:
        asked = plural(needed, "available pod")
        return f"PodDisruptionBudget {name} asks for {asked}; it does not stop a scale, and {wanted} is less."
    if wanted and wanted == needed and now > required(budget, now):
        return f"With {wanted}, PodDisruptionBudget {name} lets no pod be moved: draining a node would wait."
    return ""


def required(budget: Json, replicas: int) -> int:
    """How many of `replicas` pods a budget wants available."""
    spec = budget.get("spec") or {}
    most = spec.get("maxUnavailable")
    if most is not None:
        return max(0, replicas - _share(most, replicas))
    return _share(spec.get("minAvailable", 0), replicas)


def _share(value: Any, of: int) -> int:
    """A number, or a percentage rounded up."""
    if isinstance(value, int):
        return value
    percent = str(value).removesuffix("%")
    return ceil(int(percent) * of / 100) if percent.isdigit() else 0


def _short(quota: Json, asks: Mapping[str, float], more: int) -> str:
    status = quota.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}
    least, tightest = more, ""
    for name, each in asks.items():
        most, taken = quantity(hard.get(name)), quantity(used.get(name))
        if most is None or taken is None or not each:
            continue
        room = max(0, floor((most - taken) / each + _UNIT))
        if room < least:
            least, tightest = room, name
    if not tightest:
        return ""
    numbers = f"{used[tightest]} of {hard[tightest]} {tightest} in use"
    if tightest not in _POD_COUNTS:
        numbers += f", {_amount(tightest, asks[tightest])} each"
    room_words = f"leaves room for {least} more" if least else "leaves room for none"
    return (
        f"ResourceQuota {clean(quota['metadata']['name'], 60)} {room_words} ({numbers}): "
        f"{more - least} of {plural(more, 'new pod')} will not be made."
    )


def _amount(name: str, value: float) -> str:
    if name.endswith(("memory", "storage")):
        return memory(round(value))
    return f"{round(value * 1000)}m" if value % 1 else f"{value:.0f}"
