"""The error answers of the interface: a status, a code and a message."""


class ExploreError(Exception):
    """An answer other than 200, with the body the original gives."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    @property
    def body(self) -> dict[str, str]:
        """The JSON body."""
        return {"message": str(self), "error_code": self.code}


def bad_parameter(name: str, found: object, expected: str) -> ExploreError:
    """A parameter of the address that cannot be used."""
    message = (
        f"Invalid value for {name} API parameter: {found} was found but {expected} is expected."
    )
    return ExploreError(400, "InvalidRESTParameterError", message)


def malformed(reason: str, clause: str) -> ExploreError:
    """A clause that is not ODSQL."""
    message = f"ODSQL query is malformed: {reason.removesuffix('.')}. "
    return ExploreError(400, "ODSQLError", f"{message}Clause(s) containing the error(s): {clause}.")


def forbidden() -> ExploreError:
    """A dataset whose licence keeps its records back."""
    return ExploreError(
        403, "ForbiddenAccess", "You do not have permission to access the data of this dataset."
    )


def not_found(dataset_id: str) -> ExploreError:
    """No such dataset."""
    return ExploreError(
        404, "DatasetNotFoundError", f"The requested dataset {dataset_id} does not exist."
    )
