"""GitHub's refusals, with the bodies it sends."""

from typing import Any

DOCS = "https://docs.github.com/rest"


class ApiError(Exception):
    """One refused request: `status`, GitHub's `message`, and its `errors` when it names any."""

    def __init__(self, status: int, message: str, errors: list[Any] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.errors = status, message, errors

    def body(self) -> dict[str, Any]:
        """The JSON that GitHub answers with."""
        errors = {} if self.errors is None else {"errors": self.errors}
        return {"message": self.message, **errors, "documentation_url": DOCS, "status": str(self.status)}


def not_found() -> ApiError:
    """404: unknown, or not visible to this token; GitHub does not say which."""
    return ApiError(404, "Not Found")


def forbidden() -> ApiError:
    """403: the Actions token lacks the permission (a fork's token is read-only)."""
    return ApiError(403, "Resource not accessible by integration")


def invalid_request(*reasons: str) -> ApiError:
    """422: the body or the query does not have the documented shape."""
    return ApiError(422, "Invalid request.\n\n" + "\n".join(reasons))


def unprocessable(*sentences: str) -> ApiError:
    """422 as the reviews endpoint says it: the errors are sentences."""
    return ApiError(422, "Unprocessable Entity", list(sentences))


def validation_failed(resource: str, field: str, message: str = "", code: str = "custom") -> ApiError:
    """422 as most endpoints say it: the errors are objects."""
    error = {"resource": resource, "code": code, "field": field} | ({"message": message} if message else {})
    return ApiError(422, "Validation Failed", [error])


BODY_LIMIT = 65_536


def check_body_length(resource: str, text: str | None, field: str = "body") -> None:
    """Refuse texts above GitHub's limit for comments, issues and reviews."""
    if text is not None and len(text) > BODY_LIMIT:
        raise validation_failed(resource, field, f"Body is too long (maximum is {BODY_LIMIT} characters)")
