"""A request with more files or fields than the site reads at once."""

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent, TooManyFilesSent


def too_many_sentence(error: BaseException | None) -> str:
    """What to do instead; '' where this is not what went wrong."""
    if isinstance(error, TooManyFilesSent):
        return (
            f"At most {settings.DATA_UPLOAD_MAX_NUMBER_FILES:,} files can be sent at once. Nothing was imported. Send "
            "them in several requests, or as one zip."
        )
    if isinstance(error, TooManyFieldsSent):
        return (
            f"At most {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,} fields can be sent at once. Nothing was changed. Send "
            "less at once."
        )
    return ""
