"""Ask a network from a web process: the question goes to the process that holds it, so torch is never loaded here."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from redis.exceptions import RedisError

from modelserve.errors import NetworkNotFound, NoNetworkServed, PredictionImpossible, PredictorBusy
from modelserve.models import Network
from modelserve.options import find_task
from modelserve.queries import promoted_network
from modelserve.serving.mailbox import Mailbox, MailboxFull, NoAnswer, Question

MOST_ITEMS = 256  # one question's batch; more would keep the process from everybody else
MOST_CHARACTERS = 10_000  # of a text


def ask_predictor(
    study_key: str,
    task: str,
    items: Sequence[Any],
    timeout_seconds: float = 10.0,
    *,
    version: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[Network, list[Any]]:
    """The network that was asked, and its answer for each item, in order; {label id: share} where it distributes.

    items: names of images in the storage, or texts, as the task reads. version: of the task; None = the served one.
    options: of the task's answers, for example the emotion that an explanation is wanted for.
    Raises NoNetworkServed, NetworkNotFound (no such version), PredictionImpossible (an item or option is wrong),
    PredictorBusy (too many questions wait, or no answer within the time).
    """
    kind = find_task(task)
    if not 0 < len(items) <= MOST_ITEMS:
        raise PredictionImpossible(f"{len(items)} items were sent; ask for 1 to {MOST_ITEMS} at a time.")
    for number, item in enumerate(items, start=1):
        if isinstance(item, dict):
            continue  # the task's own kind of item, which its answerer checks
        if not isinstance(item, str) or not item.strip() or len(item) > MOST_CHARACTERS:
            raise PredictionImpossible(
                f"Item {number} of {len(items)} is empty, no text, or longer than {MOST_CHARACTERS} characters. "
                "Nothing was predicted."
            )
    network = asked_network(study_key, task, version)
    if network is None:
        raise NoNetworkServed(
            f"No network that reads {kind.reads}s is served for this study as '{kind.title}'. Train one; the first is "
            "served by itself."
        )
    question = Question(network.weights_location, task, list(items), dict(options or {}))
    return network, _answers(question, timeout_seconds)


def asked_network(study_key: str, task: str, version: int | None) -> Network | None:
    """The served network, or that version. Raises NetworkNotFound saying which version is served."""
    served = promoted_network(study_key, task)
    if version is None:
        return served
    network = Network.objects.filter(study_key=study_key, task=task, version=version).first()
    if network is None:
        now = f"Served is version {served.version}." if served else "None is served."
        raise NetworkNotFound(f"This study has no version {version} of {task}. {now} Nothing was predicted.")
    return network


def load_before_serving(network: Network, patience_seconds: float) -> bool:
    """Lets the processes that hold networks load this one, so that nobody waits for it once it is served.

    True once one has; False where none runs, or none was ready in time, which fails nothing: the first question waits.
    """
    try:
        return _mailbox().ask_to_load(network.weights_location, patience_seconds)
    except (RedisError, OSError):
        return False


@cache
def _mailbox() -> Mailbox:
    return Mailbox()


def _answers(question: Question, timeout_seconds: float) -> list[Any]:
    try:
        answer = _mailbox().ask(question, timeout_seconds)
    except MailboxFull as error:
        raise PredictorBusy(
            "Too many questions wait for the networks just now, so this one was not taken. Try again in some seconds."
        ) from error
    except NoAnswer as error:
        raise PredictorBusy(
            f"The predictor did not answer within {timeout_seconds:g} seconds; it may be busy or just starting. Try "
            "again in a moment, or send fewer items."
        ) from error
    except (RedisError, OSError) as error:
        raise PredictorBusy("The predictor cannot be reached at the moment. Try again in a minute.") from error
    if answer.error:
        raise PredictionImpossible(answer.error)
    return answer.answers
