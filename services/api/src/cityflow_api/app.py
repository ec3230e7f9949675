"""The Flask application, wired in one place; it reads the store and never writes."""

from flask import Flask, jsonify, request
from flask_compress import Compress
from flask_cors import CORS
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_openapi3.openapi import OpenAPI

from cityflow.settings import Settings
from cityflow.storage import Store, open_store
from cityflow_api import answering, documented, measuring, problems, tracing
from cityflow_api.failures import BadParameter
from cityflow_api.negotiation import MEDIA
from cityflow_api.reading import Reading
from cityflow_api.routes import arc_days, arcs, counters, days, explained, health, profile, reports
from cityflow_api.routes.asked import EXTENSION, ROW_COUNTS
from cityflow_api.stores import LazyStore

RATE_LIMIT = "6000 per minute"
_EXPOSED = ("ETag", "Link", "Retry-After", "X-Attribution", "X-Request-Id", *ROW_COUNTS)
_COMPRESSED = (*MEDIA.values(), problems.MEDIA, "text/html", "text/css", "text/javascript")


def create_app(
    settings: Settings, store: Store | None = None, *, rate_limit: str = RATE_LIMIT
) -> OpenAPI:
    """The WSGI application over the settings' store, or over `store`.

    The store is opened with the first request that needs it. `rate_limit` holds for each
    client address in each worker process.
    """
    app = OpenAPI(
        "cityflow_api",
        info=documented.INFO,
        doc_prefix="/docs",
        validation_error_status=400,
        validation_error_callback=problems.bad_parameters,
        static_folder=None,
    )
    app.url_map.merge_slashes = False
    opened = LazyStore(lambda: store or open_store(settings))
    app.extensions[EXTENSION] = Reading(opened)
    _extend(app, rate_limit)
    measuring.register(app, opened)
    for module in (health, days, arcs, arc_days, profile, counters, reports):
        app.register_api(module.routes)
    app.register_blueprint(explained.routes)
    spec = documented.document(app)
    app.add_url_rule("/openapi.json", "openapi_json", lambda: jsonify(spec))
    return app


def _extend(app: Flask, rate_limit: str) -> None:
    """Answers pass these from last to first: credit and headers, coding, then the log."""
    tracing.register(app)
    app.config.update(COMPRESS_MIMETYPES=list(_COMPRESSED), COMPRESS_MIN_SIZE=1000)
    Compress(app)
    CORS(app, methods=["GET", "HEAD", "OPTIONS"], expose_headers=_EXPOSED, send_wildcard=True)
    answering.register(app)
    problems.register(app)
    Limiter(
        get_remote_address,
        app=app,
        application_limits=[rate_limit],
        application_limits_exempt_when=lambda: request.path == "/healthz",
        storage_uri="memory://",
    )
    app.before_request(_each_parameter_once)


def _each_parameter_once() -> None:
    for name, values in request.args.lists():
        if len(values) > 1:
            raise BadParameter(name[:64], "this parameter was given more than once")
