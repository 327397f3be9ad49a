"""The JSON body of a request."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from annotation.storable import why_not_storable


class AnswersBody(JSONParser):
    """As the framework reads it; a body of a hundred thousand brackets is told so, and is no error of the server.

    What cannot be stored is left to the steps, who say it beside the answer at fault; a signal is dropped instead.
    """

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply to be read.") from error


class JsonBody(AnswersBody):
    """Of everybody else: only what the database can keep."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        parsed = super().parse(stream, media_type, parser_context)
        if reason := why_not_storable(parsed):
            raise ParseError(f"A text of the JSON {reason}. Nothing was changed.")
        return parsed
