"""What a request can fail with before it is answered; `problems` turns each into RFC 9457."""

from typing import Literal

from cityflow.errors import CityFlowError

Missing = Literal["unknown-day", "unknown-dataset", "unknown-edition", "unknown-arc"]


class BadParameter(CityFlowError):
    """A parameter is well formed but cannot be used."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(f"{parameter}: {message}")
        self.parameter = parameter
        self.message = message


class NotFound(CityFlowError):
    """Nothing is published under that day, dataset, edition or arc; the message gives a hint."""

    def __init__(self, kind: Missing, message: str) -> None:
        super().__init__(message)
        self.kind = kind
