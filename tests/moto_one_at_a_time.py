"""moto's server, which lets conditional writes in one at a time, as AWS promises for each item.

moto itself looks whether a condition holds and writes in two steps, with threads in between: of
eight conditional puts of one item more than one may succeed. ministack needs no such help.
"""

import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import run_simple

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]

WRITES: Final = (".PutItem", ".UpdateItem", ".DeleteItem")
CONDITIONS: Final = {"HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"}


def one_at_a_time(application: Application) -> Application:
    """The same, where a write to DynamoDB or a conditional one to S3 waits for the one before."""
    lock = threading.Lock()

    def serve(environ: Environ, start_response: Any) -> Iterable[bytes]:
        if not is_write(environ):
            return application(environ, start_response)
        with lock:
            return application(environ, start_response)

    return serve


def is_write(environ: Environ) -> bool:
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    changes = environ["REQUEST_METHOD"] in ("PUT", "POST") and CONDITIONS & environ.keys()
    return target.endswith(WRITES) or bool(changes)


if __name__ == "__main__":
    host, port = sys.argv[1:]
    run_simple(
        host, int(port), one_at_a_time(DomainDispatcherApplication(create_backend_app)),
        threaded=True, request_handler=MotoRequestHandler,
    )  # fmt: skip
