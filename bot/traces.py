"""Spans for OpenTelemetry: one a request, in it one a stage of a turn. Off unless ``WENGANG_OTLP`` names a collector.

A span tells what took how long, under the number of the request that stands in the log: no sender, no address, no
words, and of an error its kind alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.logs import request_number

_tracer: Any = None  # of this process; None: nobody collects


@contextmanager
def tracing(address: str | None) -> Iterator[None]:
    """While this lasts, the spans of this process go to the collector (OTLP over HTTP); None: there is none.

    It has a thread: to be entered behind a fork.
    """
    global _tracer
    if address is None:
        yield
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource({"service.name": "wengang"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{address.rstrip('/')}/v1/traces")))
    _tracer = provider.get_tracer("wengang")
    try:
        yield
    finally:
        _tracer = None
        provider.shutdown()  # sends what waits


@contextmanager
def span(name: str) -> Iterator[dict[str, Any]]:
    """Time what is done meanwhile; what is put into the dictionary that this yields is told with it."""
    told: dict[str, Any] = {}
    if _tracer is None:
        yield told
        return
    with _tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as one:
        try:
            yield told
        except Exception as error:
            told["error.type"] = type(error).__name__
            raise
        finally:
            one.set_attributes({"request.id": request_number.get() or "", **told})
