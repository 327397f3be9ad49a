"""A stored image that a network shall look at: for the processes that hold networks."""

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage

from modelserve.errors import PredictionImpossible


def read_stored_image(name: str) -> bytes:
    """The file of this name in the storage. Raises PredictionImpossible naming it."""
    try:
        with default_storage.open(name) as file:
            return bytes(file.read())
    except (FileNotFoundError, IsADirectoryError, SuspiciousFileOperation):
        raise PredictionImpossible(f"There is no stored image '{name}'. Nothing was predicted.") from None
