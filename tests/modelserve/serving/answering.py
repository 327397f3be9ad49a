"""The process that answers, in a thread of the test's own process."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from modelserve.serving.mailbox import Mailbox
from modelserve.serving.process import ServingProcess


@contextlib.contextmanager
def answering(batch: int = 64, **more: Any) -> Iterator[ServingProcess]:
    """Questions are answered inside; what was left in the list before is dropped."""
    Mailbox().forget()
    process = ServingProcess(batch=batch, **more)
    thread = threading.Thread(target=process.run)
    thread.start()
    process.has_started.wait(30)
    try:
        yield process
    finally:
        process.stop()
        thread.join(timeout=30)
