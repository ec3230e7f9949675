"""gunicorn, configured by the settings alone: no file, no environment, no command line.

The application is made in each worker after the fork: no thread pool and no connection of the
store ever crosses it.
"""

import os
import shutil
import tempfile
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from cityflow.settings import Settings

WORKERS = 2
THREADS = 8
GRACE_S = 5


class RootLogger(Logger):
    """Sends gunicorn's own log the way of all others: one form, on standard error."""

    def setup(self, cfg: Any) -> None:
        """Set levels as gunicorn does, and leave the writing to the root logger."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Server(BaseApplication):
    """Serves the API until SIGTERM or Ctrl-C; requests under way have GRACE_S seconds to end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._counts = tempfile.mkdtemp(prefix="cityflow-api-")
        super().__init__()

    def run(self) -> None:
        """Serve; what the workers count lies in a folder that goes with them."""
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = self._counts
        super().run()

    def load_config(self) -> None:
        """Set every option that differs from gunicorn's own."""
        for name, value in _options(self._settings).items():
            self.cfg.set(name, value)
        self.cfg.set("on_exit", lambda _: shutil.rmtree(self._counts, ignore_errors=True))

    def load(self) -> Any:
        """The application of one worker."""
        from cityflow_api.app import create_app

        return create_app(self._settings)


def _options(settings: Settings) -> dict[str, Any]:
    host = f"[{settings.api_host}]" if ":" in settings.api_host else settings.api_host
    return {
        "bind": f"{host}:{settings.api_port}",
        "workers": WORKERS,
        "worker_class": "gthread",
        "threads": THREADS,
        "graceful_timeout": GRACE_S,
        "control_socket_disable": True,
        "logger_class": RootLogger,
        "proc_name": "cityflow-api",
        "loglevel": settings.log_level.lower(),
    }
