"""One handler turns every error of ours into JSON: {type, message, ...details}."""

import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response as ApiResponse
from rest_framework.views import exception_handler as default_handler

from annotation.errors import AnnotationError
from annotation.outage import RETRY_SECONDS, outage_behind
from annotation.too_many import too_many_sentence

logger = logging.getLogger(__name__)


def exception_handler(error: Exception, context: dict[str, Any]) -> ApiResponse | None:
    answer = _answer(error, context)
    if answer is not None:
        answer.data = _sayable(answer.data)
    return answer


def _answer(error: Exception, context: dict[str, Any]) -> ApiResponse | None:
    if isinstance(error, AnnotationError):
        details = {key: value for key, value in error.details.items() if key in ("errors", "rows")}
        return ApiResponse({"type": error.type, "message": error.message, **details}, status=error.status)
    if isinstance(error, RequestDataTooBig):
        message = f"The request is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes. Send less at once."
        return ApiResponse({"type": "body_too_large", "message": message}, status=413)
    if message := too_many_sentence(error):
        return ApiResponse({"type": "too_many", "message": message}, status=400)
    if outage := outage_behind(error):
        logger.error("Answered 503, %s", outage.type, exc_info=error)
        body = {"type": outage.type, "message": outage.message}
        return ApiResponse(body, status=503, headers={"Retry-After": str(RETRY_SECONDS)})
    answer = default_handler(error, context)
    if answer is None:
        return None
    if isinstance(error, ValidationError):
        errors = error.detail if isinstance(error.detail, dict) else {"input": error.detail}
        sentences = "; ".join(f"{field}: {_first(value)}" for field, value in errors.items())
        answer.data = {"type": "invalid", "message": sentences, "errors": errors}
    elif isinstance(answer.data, dict) and "detail" in answer.data:
        code = error.default_code if isinstance(error, APIException) else "error"
        answer.data = {"type": str(code), "message": str(answer.data["detail"])}
    return answer


def _sayable(value: Any) -> Any:
    """What an error repeats of a request may hold half of a character, which no answer can carry."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_sayable(key): _sayable(inner) for key, inner in value.items()}
    return [_sayable(inner) for inner in value] if isinstance(value, list | tuple) else value


def _first(value: Any) -> str:
    while isinstance(value, list | dict) and value:
        value = next(iter(value.values())) if isinstance(value, dict) else value[0]
    return str(value)
