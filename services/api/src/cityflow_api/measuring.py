"""Requests counted and timed for Prometheus, and the text that it reads at `/metrics`.

The processes of the server add up their counts in the folder that PROMETHEUS_MULTIPROC_DIR names;
without it each process counts for itself.
"""

import os
import re
import time
from collections.abc import Callable
from typing import Final

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

from cityflow.storage import Store
from cityflow_api.http_cache import NEVER
from cityflow_api.observing import Observer

PATH: Final = "/metrics"
MULTIPROCESS: Final = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_PARAMETER: Final = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


class Requests:
    """Counts of answered requests; labels have few values, whatever a client sends."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._count = Counter(
            "cityflow_api_requests_total",
            "Requests answered",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._duration = Histogram(
            "cityflow_api_request_duration_seconds",
            "Time from the request to its answer",
            ("route",),
            buckets=BUCKETS_S,
            registry=self.registry,
        )

    def note(self, response: Response) -> Response:
        """Count an answer."""
        rule = request.url_rule
        route = _PARAMETER.sub(r"{\1}", rule.rule) if rule is not None else "none"
        method = request.method if request.method in _METHODS else "other"
        self._count.labels(method, route, str(response.status_code)).inc()
        self._duration.labels(route).observe(time.perf_counter() - g.started)
        return response


def register(app: Flask, store: Callable[[], Store]) -> None:
    """Count every request, and serve the figures."""
    requests, observer = Requests(), Observer(store)

    def metrics() -> Response:
        """For Prometheus; not part of the API's document."""
        if MULTIPROCESS in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry = requests.registry
        text = generate_latest(registry) + generate_latest(observer)
        response = Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)
        response.headers["Cache-Control"] = NEVER
        return response

    app.after_request(requests.note)
    app.add_url_rule(PATH, "metrics", metrics)
