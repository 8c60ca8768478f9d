"""The API's errors: status, type and message, in the shape that goes over the wire."""

from collections.abc import Mapping
from typing import Any

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class ApiError(Exception):
    """A refusal of the API. `type` follows from the status unless it is given; `headers` go out with it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str | None = None,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.type = type or TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
        self.details, self.headers = details, dict(headers or {})

    def body(self, request_id: str | None) -> dict[str, Any]:
        """The error's JSON body."""
        error: dict[str, Any] = {"type": self.type, "message": self.message}
        if self.details is not None:
            error["details"] = dict(self.details)
        return {"type": "error", "error": error, "request_id": request_id}


def invalid(message: str) -> ApiError:
    """A 400 `invalid_request_error`."""
    return ApiError(400, message)
