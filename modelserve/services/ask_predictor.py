"""Ask the served network from a web process: the question goes to a worker, so torch is never loaded here."""

from collections.abc import Sequence
from typing import Any

from celery import current_app
from celery.exceptions import TimeoutError as NoAnswerInTime
from kombu.exceptions import OperationalError as BrokerUnreachable
from redis.exceptions import RedisError

from modelserve.errors import NoNetworkServed, PredictionImpossible, PredictorBusy
from modelserve.models import Network
from modelserve.options import find_task
from modelserve.queries import promoted_network

MOST_ITEMS = 256  # one question's batch; more would keep a worker from everybody else
MOST_CHARACTERS = 10_000  # of a text


def ask_predictor(
    study_key: str, task: str, items: Sequence[str], timeout_seconds: float = 10.0
) -> tuple[Network, list[dict[str, float]]]:
    """The served network, and for each item {label id: share}, in order.

    items: names of images in the storage, or texts, as the task reads.
    Raises NoNetworkServed, PredictionImpossible (an item is wrong), PredictorBusy (no answer within the time).
    """
    kind = find_task(task)
    if not 0 < len(items) <= MOST_ITEMS:
        raise PredictionImpossible(f"{len(items)} items were sent; ask for 1 to {MOST_ITEMS} at a time.")
    for number, item in enumerate(items, start=1):
        if not isinstance(item, str) or not item.strip() or len(item) > MOST_CHARACTERS:
            raise PredictionImpossible(
                f"Item {number} of {len(items)} is empty, no text, or longer than {MOST_CHARACTERS} characters. "
                "Nothing was predicted."
            )
    network = promoted_network(study_key, task)
    if network is None:
        raise NoNetworkServed(
            f"No network that reads {kind.reads}s is served for this study. Train one; the first is served by itself."
        )
    answer = _ask_worker(network, list(items), timeout_seconds)
    if "error" in answer:
        raise PredictionImpossible(answer["error"])
    return network, answer["distributions"]


def _ask_worker(network: Network, items: list[str], timeout_seconds: float) -> dict[str, Any]:
    try:
        # The question dies with the patience of the one who asked, so a backlog never answers the gone.
        question = current_app.send_task(
            "modelserve.predict",
            args=[network.pk, items],
            queue="predict",
            expires=timeout_seconds,
            ignore_result=False,
            retry=False,
        )
    except (BrokerUnreachable, RedisError, OSError) as error:
        raise PredictorBusy("The predictor cannot be reached at the moment. Try again in a minute.") from error
    try:
        answer: dict[str, Any] = question.get(timeout=timeout_seconds)
    except NoAnswerInTime as error:
        raise PredictorBusy(
            f"The predictor did not answer within {timeout_seconds:g} seconds; it may be busy or just starting. Try "
            "again in a moment, or send fewer items."
        ) from error
    except (BrokerUnreachable, RedisError, OSError) as error:
        raise PredictorBusy("The predictor cannot be reached at the moment. Try again in a minute.") from error
    finally:
        question.forget()
    return answer
