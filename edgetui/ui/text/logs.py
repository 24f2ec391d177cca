"""What the screen of a log says around the lines: its title, what is the matter with it, how far one has read."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.cluster.api.logs import Hearing, PodLog
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.pod import POD
from edgetui.model.pod.diagnosis import Diagnosis
from edgetui.model.pod.logbuffer import Search
from edgetui.model.text import plural
from edgetui.ui.keymap import kind_word
from edgetui.ui.spans import Span, Spans, line, width_of
from edgetui.ui.widgets.log_view import LogView


def title(
    key: ObjectKey, pod: str, pods: Sequence[str], tail: PodLog | None, width: int, anew: str = ""
) -> Spans:
    """Pod, container, which instance and which pod of how many; in fewer words where they do not fit.

    `anew` says that another pod has this name by now.
    """
    where = f"{key.namespace} · {key.cluster}"
    if not pod:
        return line(Span(f"logs {kind_word(key.kind)} {key.name}", "title"), f" · {where}")
    container = tail.container if tail is not None else ""
    init = tail is not None and tail.current is not None and tail.current.init
    before = tail is not None and tail.previous
    of_several = key.kind != POD and pod in pods
    parts = [
        anew,
        f"{'init container' if init else 'container'} {container}" if container else "",
        "previous instance" if before else "",
        f"pod {pods.index(pod) + 1} of {len(pods)}" if of_several else "",
        where,
    ]
    head = Span(f"logs {pod}", "title")
    whole = line(head, _joined(parts))
    if width_of(whole) <= width:
        return whole
    return line(head, _joined([anew, container, "previous" if before else "", *parts[3:]]))


def _joined(parts: Sequence[str]) -> str:
    return "".join(f" · {part}" for part in parts if part)


def sentences(key: ObjectKey, pod: str, tail: PodLog | None, link: str, now: float) -> list[Spans]:
    """What is the matter with this log, the most important first; `link` is what is wrong with the link."""
    if not pod:
        return [line(f"no pods of {kind_word(key.kind)} {key.name} are known")]
    if tail is None:
        return [line(f"{key.cluster} is not connected")]
    state = tail.state
    said: list[Spans] = []
    if state.end is not None:
        instance = "this instance" if tail.previous else "the container"
        said.append(line(Span(f"{instance} {state.end.words(now)}", "warn")))
    if state.sentence:
        said.append(line(Span(state.sentence, "bad" if tail.over else "warn")))
    silent = state.hearing is Hearing.LIVE and not len(tail.buffer)
    if silent or state.hearing is Hearing.ASKING:
        said.append(line(link or "waiting for the first line"))
    return said


def notice(said: Sequence[Spans], tail: PodLog | None, trouble: Diagnosis | None, now: float) -> list[Spans]:
    """What stands in place of lines while there are none: the sentences, the pod's trouble and what to do."""
    out = [line(), *said]
    if tail is None:
        return out
    if trouble is not None and tail.state.hearing is not Hearing.LIVE:
        out.append(line(Span(trouble.sentence, "bad" if trouble.hard else "warn")))
    if tail.state.next_step:
        out.append(line(tail.state.next_step))
    current = tail.current
    if current is not None and current.before is not None and not tail.previous:
        out.append(line(f"The previous container instance {current.before.words(now)}: p shows its log."))
    return out


def state_line(
    said: Sequence[Spans], view: LogView, tail: PodLog | None, search: Search | None, width: int
) -> Spans:
    """Whether it follows, what is the matter, what was found, and how much is no longer kept."""
    left: list[Span] = []
    if not view.following:
        new = view.new_below
        left.append(Span(f"paused, {plural(new, 'new line')} below" if new else "paused", "note"))
    elif tail is not None and tail.state.hearing is Hearing.LIVE and len(view.buffer):
        left.append(Span("following", "quiet"))
    if said and len(view.buffer):
        left += [*((Span(" · ", "quiet"),) if left else ()), *said[0]]
    right: list[Span] = []
    if search is not None:
        right.append(Span(_found(search, view.current), "note"))
    if view.buffer.first:
        right.append(Span(f"  {view.buffer.first:,} older lines dropped", "quiet"))
    pad = width - width_of(left) - width_of(right)
    return (*left, Span(" " * max(pad, 1)), *right) if right else tuple(left)


def _found(search: Search, current: int | None) -> str:
    count = len(search.found)
    if current in search.found:
        return f"/{search.words} {search.found.index(current) + 1} of {count}"
    return f"/{search.words} {f'{count} found' if count else 'not found'}"
