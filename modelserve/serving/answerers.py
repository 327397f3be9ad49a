"""How each kind of network answers a batch: one row per task. Imports torch: only where networks are held.

An answerer prepares item by item, so that one broken picture spoils one question and no batch; then it answers all
items of all questions at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from modelserve.predictor import ServedNetwork
from modelserve.services.read_stored_image import read_stored_image


@dataclass(frozen=True, slots=True)
class Answerer:
    """prepare: (served, item) -> what `answer` takes, or raises PredictionImpossible with a sentence.

    answer: (served, prepared items, options) -> one JSON answer per item; raises PredictionImpossible where the options
    are wrong for this network. Items and options come from outside: nothing about them may be taken for granted.
    """

    prepare: Callable[[ServedNetwork, Any], Any]
    answer: Callable[[ServedNetwork, Sequence[Any], dict[str, Any]], list[Any]]


def _distribution_of_image(served: ServedNetwork, item: Any) -> Any:
    return served.pixels(read_stored_image(str(item)))


def _distribution_of_text(served: ServedNetwork, item: Any) -> Any:
    return served.word_ids(str(item))


def _distributions(served: ServedNetwork, prepared: Sequence[Any], options: dict[str, Any]) -> list[Any]:
    return list(served.distributions(prepared))


ANSWERERS: dict[str, Answerer] = {
    "image_emotion": Answerer(_distribution_of_image, _distributions),
    "text_emotion": Answerer(_distribution_of_text, _distributions),
}
