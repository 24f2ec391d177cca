"""The terminal end of the commands: plans and progress on stderr, the result on stdout, questions on a terminal only.

With --json stdout gets exactly one object:
{"action", "cluster", "object", "outcome", "ok", "lines", "data", "plan", "error"}, where `outcome` is one of "reached",
"pending", "failed", "unknown", "dry-run", "cancelled" and "refused", `ok` is true exactly where the exit code is 0 (so
with --no-wait where the outcome is "pending"), `object` is {"kind", "namespace", "name"} or null, `plan` is {"title",
"facts", "diff", "warnings", "writes"} or null when none was made, and `error` is {"sentence", "next_step", "diff",
"paste"} or null; `paste` is text to copy as it is, such as a Role with the rights that are missing.
"""

from __future__ import annotations

import asyncio
from typing import Any, TextIO

from edgetui.actions.messages import Cancelled, Plan, Receipt, Refusal, Step
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cells import visible
from edgetui.output import document

_SIGNS = {"doing": "..", "done": "ok", "failed": "! ", "info": "  "}
_REHEARSED = "Dry run: nothing was changed."


class Console:
    """What one command says and asks.

    `source` is where an answer is read from; only a terminal is asked. `assume_yes` agrees to the plan unasked,
    `dry_run` shows it and agrees to nothing, `quiet` leaves out plan and progress where nobody is asked.
    """

    def __init__(
        self,
        source: TextIO,
        out: TextIO,
        err: TextIO,
        *,
        as_json: bool,
        assume_yes: bool,
        dry_run: bool,
        quiet: bool = False,
    ) -> None:
        self._source = source
        self._out = out
        self._err = err
        self._as_json = as_json
        self._assume_yes = assume_yes
        self.dry_run = dry_run
        self._quiet = quiet
        self._rehearsed: list[str] = []
        self._plan: Plan | None = None
        self._open = False
        self._rewrites = err.isatty()

    @property
    def can_ask(self) -> bool:
        """Whether there is a person to ask."""
        return self._source.isatty() and not self._assume_yes

    def progress(self, step: Step) -> None:
        """One line per step; on a terminal the end of a step takes the place of its beginning."""
        if self._quiet:
            return
        if self._rewrites and self._open:
            self._err.write("\r\x1b[K")
        self._open = step.state == "doing" and self._rewrites
        self._err.write(f"{_SIGNS[step.state]} {visible(step.text)}{'' if self._open else chr(10)}")
        self._err.flush()

    async def confirm(self, plan: Plan) -> bool:
        """Show the plan and ask; raises Refusal where nobody can be asked and --yes was not given."""
        self._plan = plan
        if not self._quiet or self.can_ask:
            self._show(plan)
        if self.dry_run:
            self.rehearse(*([plan.title] if plan.target or not self._rehearsed else []))
            return False
        if self._assume_yes and plan.unproven:
            raise Refusal(
                f"{plan.unproven} That is not agreed to in advance: nothing was changed.",
                "Leave out --yes and agree on a terminal, or roll back to a revision that you name.",
            )
        if self._assume_yes:
            return True
        if not self._source.isatty():
            raise Refusal(
                "There is no terminal to confirm this on: nothing was changed.",
                "Add --yes to agree in advance.",
            )
        return await self.ask("Do it?")

    def rehearse(self, *lines: str) -> None:
        """What the server has checked and nobody writes: a line for each on stdout, at the end of a dry run."""
        self._rehearsed += [line for line in lines if line not in self._rehearsed]

    async def ask(self, question: str) -> bool:
        """A yes-or-no question whose default is no."""
        self._end_line()
        self._err.write(f"{question} [y/N] ")
        self._err.flush()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()

        def readable() -> None:
            if not answer.done():
                answer.set_result(self._source.readline())

        loop.add_reader(self._source.fileno(), readable)
        try:
            return (await answer).strip().lower() in ("y", "yes")
        finally:
            loop.remove_reader(self._source.fileno())

    def say(self, text: str) -> None:
        """A line for the person, never part of the result."""
        self._end_line()
        self._err.write(f"{visible(text)}\n")

    def result(self, receipt: Receipt, *, ok: bool) -> None:
        """The receipt, as lines or as the one JSON object; `ok` is whether the command ends well."""
        self._end_line()
        if not self._as_json:
            if self.dry_run and ok:
                self.rehearse(*receipt.lines)
                self._tell_rehearsed()
            else:
                self._out.write("".join(f"{visible(line)}\n" for line in receipt.lines))
            return
        unknown = bool(receipt.data.get("unknown"))
        rest = "pending" if receipt.pending else "unknown" if unknown else "failed"
        key = receipt.target.key if receipt.target else None
        self._object(
            receipt.action,
            receipt.cluster,
            {"kind": key.kind, "namespace": key.namespace, "name": key.name} if key else None,
            "dry-run" if self.dry_run else "reached" if receipt.ok else rest,
            ok=ok,
            lines=list(receipt.lines),
            data=receipt.data,
        )

    def refused(self, action: str, cluster: str, problem: EdgetuiError) -> bool:
        """Why nothing (more) happened; true when it was a dry run that came to its end, which is no failure."""
        self._end_line()
        rehearsed = self.dry_run and isinstance(problem, Cancelled)
        diff, paste = (problem.diff, problem.paste) if isinstance(problem, Refusal) else ((), ())
        if not self._as_json and rehearsed:
            self._tell_rehearsed()
            return True
        if not self._as_json:
            self.say(str(problem))
            for line in diff:
                self.say(f"  {line}")
            if paste:
                self._err.write("".join(f"{visible(line)}\n" for line in ("", *paste)))
            return False
        cancelled = "cancelled" if isinstance(problem, Cancelled) else "refused"
        self._object(
            action,
            cluster,
            None,
            "dry-run" if rehearsed else cancelled,
            ok=rehearsed,
            error=None
            if rehearsed
            else {
                "sentence": problem.sentence,
                "next_step": problem.advice,
                "diff": list(diff),
                "paste": "\n".join(paste),
            },
        )
        return rehearsed

    def _tell_rehearsed(self) -> None:
        self._out.write("".join(f"{visible(line)} (server dry run)\n" for line in self._rehearsed))
        if not self._quiet:
            self.say(_REHEARSED)

    def _object(self, action: str, cluster: str, named: Any, outcome: str, **rest: Any) -> None:
        target = self._plan.target if self._plan else None
        if named is None and target is not None:
            named = {"kind": target.key.kind, "namespace": target.key.namespace, "name": target.key.name}
        found = {"action": action, "cluster": cluster, "object": named, "outcome": outcome}
        found |= {"ok": False, "lines": [], "data": {}, "plan": _plan(self._plan), "error": None, **rest}
        self._out.write(document(found, self._out))

    def _show(self, plan: Plan) -> None:
        self._end_line()
        width = max((len(label) for label, _ in plan.facts), default=0)
        lines = [plan.title, ""]
        lines += [f"  {label:<{width}}  {value}" for label, value in plan.facts]
        lines += ["", *(f"  {line}" for line in plan.diff)] if plan.diff else []
        lines += ["", *(f"! {line}" for line in plan.warnings)] if plan.warnings else []
        lines += ["", "This will:", *(f"  {line}" for line in plan.writes), ""]
        self._err.write("".join(f"{visible(line)}\n" for line in lines))

    def _end_line(self) -> None:
        if self._open:
            self._err.write("\n")
            self._open = False


def _plan(plan: Plan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    return {
        "title": plan.title,
        "facts": dict(plan.facts),
        "diff": list(plan.diff),
        "warnings": list(plan.warnings),
        "writes": list(plan.writes),
    }
