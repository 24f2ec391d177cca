"""Events: what the cluster's components said about an object, counted by the API server."""

from __future__ import annotations

from edgetui.model.kinds.base import Kind, Row
from edgetui.model.kinds.wire import Meta, Wire, identity, shared
from edgetui.model.text import MAX_MESSAGE, clean, unix

EVENT = "Event"


class WireInvolved(Wire):
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None


class WireSource(Wire):
    component: str | None = None
    host: str | None = None


class WireSeries(Wire):
    count: int | None = None
    last_observed_time: str | None = None


class WireEvent(Wire):
    """An Event of core/v1 as it arrives; its times may all be null but the creation."""

    metadata: Meta | None = None
    involved_object: WireInvolved | None = None
    type: str | None = None
    reason: str | None = None
    message: str | None = None
    count: int | None = None
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    series: WireSeries | None = None
    source: WireSource | None = None
    reporting_component: str | None = None
    reporting_instance: str | None = None


class EventRow(Row):
    """An Event. `about_*` name the object it is about; `first` and `last` are Unix seconds."""

    about_kind: str = ""
    about_namespace: str = ""
    about_name: str = ""
    type: str = "Normal"
    reason: str = ""
    message: str = ""
    count: int = 1
    first: int = 0
    last: int = 0
    source: str = ""
    host: str = ""


def project(event: WireEvent) -> EventRow:
    """The row of an Event."""
    base = identity(event.metadata)
    about = event.involved_object or WireInvolved()
    series = event.series or WireSeries()
    source = event.source or WireSource()
    first = unix(event.first_timestamp) or unix(event.event_time) or base["created"]
    return EventRow(
        **base,
        about_kind=shared(clean(about.kind, 80)),
        about_namespace=shared(about.namespace),
        about_name=shared(clean(about.name)),
        type=shared(event.type) or "Normal",
        reason=shared(clean(event.reason, 80)),
        message=clean(event.message, MAX_MESSAGE),
        count=series.count or event.count or 1,
        first=first,
        last=unix(series.last_observed_time) or unix(event.last_timestamp) or first,
        source=shared(clean(source.component or event.reporting_component, 80)),
        host=shared(clean(source.host or event.reporting_instance, 80)),
    )


KIND = Kind(
    name=EVENT,
    plural="events",
    group="",
    version="v1",
    namespaced=True,
    wire=WireEvent,
    row=EventRow,
    project=project,
    short_names=("ev",),
    bookmarks=False,
)
