"""The one process per device: loads a network once, takes all questions that have come together, answers in batches."""

import json
import logging
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from django.db import close_old_connections
from redis.exceptions import RedisError

from modelserve.errors import ModelServeError, PredictionImpossible
from modelserve.predictor import KEPT_NETWORKS, Predictor, ServedNetwork
from modelserve.serving.answerers import ANSWERERS
from modelserve.serving.mailbox import Answer, Mailbox, Question

logger = logging.getLogger(__name__)

MOST_IN_BATCH = 64  # questions taken at a time, and items in one pass of a network
WAIT_SECONDS = 0.5  # for the first question; then also how long a stop may take
BROKEN = "The network failed on this question. The fault is ours and is in the log; other questions are answered."


@dataclass
class Counts:
    """What the process has done since it last said so."""

    questions: int = 0
    batches: int = 0
    errors: int = 0
    seconds: float = 0.0
    since: float = field(default_factory=time.monotonic)


class ServingProcess:
    """run() until stop(). One thread computes; networks are loaded and pictures decoded beside it.

    device: 'cpu', 'cuda' or 'cuda:1'; batch: questions and items at a time, 1 = each alone; capacity: networks kept.
    """

    def __init__(
        self,
        *,
        device: str = "cpu",
        batch: int = MOST_IN_BATCH,
        capacity: int = KEPT_NETWORKS,
        mailbox: Mailbox | None = None,
        say: Callable[[str], None] = logger.info,
    ) -> None:
        self.counts = Counts()
        self.has_started = threading.Event()
        self._mailbox = mailbox or Mailbox()
        self._batch, self._capacity, self._say = batch, capacity, say
        self._predictor = Predictor(capacity, device=device)
        self._ready: OrderedDict[str, Future[ServedNetwork]] = OrderedDict()
        self._lock = threading.Lock()
        self._parked: dict[str, list[Question]] = defaultdict(list)
        self._stopped = threading.Event()
        self._loaders = ThreadPoolExecutor(max_workers=2, thread_name_prefix="load")
        self._decoders = ThreadPoolExecutor(max_workers=2, thread_name_prefix="decode")

    def stop(self) -> None:
        """The batch in hand is answered; what waits is left to the next process."""
        self._stopped.set()

    def run(self) -> None:
        """Raises nothing that one question, one network or a restart of Redis could cause."""
        listener = self._listen()
        self.has_started.set()
        try:
            while not self._stopped.is_set():
                try:
                    self._turn()
                except RedisError as error:
                    self._say(f"Redis cannot be reached ({error}); trying again.")
                    self._stopped.wait(1.0)
                    listener = listener or self._listen()
                self._tell_now_and_then()
        finally:
            if listener is not None:
                listener.stop()
            self._loaders.shutdown(wait=False, cancel_futures=True)
            self._decoders.shutdown(wait=False, cancel_futures=True)

    def _listen(self) -> Any:
        try:
            return self._mailbox.listen_for_loads(self._load_when_asked)
        except RedisError:
            return None

    def _turn(self) -> None:
        questions = self._mailbox.take(self._batch, 0.02 if self._parked else WAIT_SECONDS)
        for question in questions:
            self._parked[question.location].append(question)
        for location in list(self._parked):
            self._parked[location] = _still_waited_for(self._parked[location])
            if not self._parked[location]:
                del self._parked[location]
                continue
            network = self._network(location)
            # A network that is being loaded keeps nobody waiting but those who ask it.
            if network.done():
                self._answer_all(self._parked.pop(location), network)

    def _network(self, location: str) -> "Future[ServedNetwork]":
        with self._lock:
            network = self._ready.get(location)
            if network is None:
                network = self._ready[location] = self._loaders.submit(self._load, location)
            self._ready.move_to_end(location)
            self._let_go()
            return network

    def _let_go(self) -> None:
        """Above the capacity the networks that were asked longest ago leave. Only under the lock.

        One that is being loaded, or that questions wait for, stays: otherwise more networks than fit, all asked at
        once, would push each other out before one of them could answer, for ever.
        """
        for location, network in list(self._ready.items()):
            if len(self._ready) <= self._capacity:
                return
            if network.done() and location not in self._parked:
                del self._ready[location]

    def _load(self, location: str) -> ServedNetwork:
        started = time.monotonic()
        try:
            served = self._predictor.load(location)
        finally:
            close_old_connections()
        self._say(f"Loaded {location} in {time.monotonic() - started:.1f} s.")
        return served

    def _load_when_asked(self, location: str, when_done: Callable[[], None]) -> None:
        def loaded(network: "Future[ServedNetwork]") -> None:
            if not network.cancelled() and network.exception() is None:
                when_done()

        if not self._stopped.is_set():
            self._network(location).add_done_callback(loaded)

    def _answer_all(self, questions: list[Question], network: "Future[ServedNetwork]") -> None:
        error = network.exception()
        if error is not None:
            # Asked again it is tried again: the storage may have been away.
            with self._lock:
                self._ready.pop(questions[0].location, None)
            if not isinstance(error, ModelServeError):
                logger.error("A network could not be loaded", exc_info=error)
            sentence = str(error) if isinstance(error, ModelServeError) else BROKEN
            self._hand_out([(question, Answer(error=sentence)) for question in questions])
            return
        groups: dict[tuple[str, str], list[Question]] = defaultdict(list)
        for question in questions:
            groups[question.task, json.dumps(question.options, sort_keys=True)].append(question)
        for group in groups.values():
            while group:
                together = _together(group, self._batch)
                del group[: len(together)]
                started = time.monotonic()
                answers = self._answers(network.result(), together)
                self.counts.seconds += time.monotonic() - started
                self._hand_out(list(zip(together, answers, strict=True)))

    def _answers(self, served: ServedNetwork, questions: Sequence[Question]) -> list[Answer]:
        """One per question. Whatever goes wrong in a batch of several is tried again one by one."""
        answerer = ANSWERERS.get(questions[0].task)
        if answerer is None or served.task != questions[0].task:
            return [Answer(error=f"This network does not answer questions of '{questions[0].task}'.")] * len(questions)
        prepared: list[Any] = []
        spans: list[tuple[int, int] | str] = []
        for items in self._prepare(served, questions):
            if isinstance(items, str):
                spans.append(items)
                continue
            spans.append((len(prepared), len(prepared) + len(items)))
            prepared += items
        try:
            found = answerer.answer(served, prepared, questions[0].options) if prepared else []
        except PredictionImpossible as error:
            # The options are the same for all of them.
            return [Answer(error=span if isinstance(span, str) else str(error)) for span in spans]
        except Exception:
            if len(questions) > 1:
                return [answer for question in questions for answer in self._answers(served, [question])]
            logger.exception("A question could not be answered")
            return [Answer(error=BROKEN)]
        return [
            Answer(error=span) if isinstance(span, str) else Answer(answers=found[span[0] : span[1]]) for span in spans
        ]

    def _prepare(self, served: ServedNetwork, questions: Sequence[Question]) -> list[list[Any] | str]:
        """Per question its prepared items, or the sentence that says which item is wrong."""
        if not ANSWERERS[questions[0].task].decodes:
            return [_prepared(served, question) for question in questions]
        return list(self._decoders.map(lambda question: _prepared(served, question), questions))

    def _hand_out(self, answers: list[tuple[Question, Answer]]) -> None:
        self.counts.batches += 1
        self.counts.questions += len(answers)
        self.counts.errors += sum(bool(answer.error) for _, answer in answers)
        self._mailbox.answer(answers)

    def _tell_now_and_then(self) -> None:
        counts = self.counts
        if time.monotonic() - counts.since < 60:
            return
        if counts.questions:
            self._say(
                f"{counts.questions} questions in {counts.batches} batches, {counts.errors} of them refused; "
                f"{counts.seconds:.1f} s of answering in the last {time.monotonic() - counts.since:.0f} s."
            )
        self.counts = Counts()


def _prepared(served: ServedNetwork, question: Question) -> list[Any] | str:
    answerer = ANSWERERS[question.task]
    items = []
    for number, item in enumerate(question.items, start=1):
        try:
            items.append(answerer.prepare(served, item))
        except PredictionImpossible as error:
            return f"Item {number} of {len(question.items)}: {error}"
        except Exception:
            logger.exception("An item could not be prepared")
            return BROKEN
    return items


def _still_waited_for(questions: Sequence[Question]) -> list[Question]:
    """Without those whose asker has gone since they were taken: loading a network may last longer than her patience."""
    now = time.monotonic()
    return [question for question in questions if question.gives_up_at > now]


def _together(group: Sequence[Question], most: int) -> list[Question]:
    """The first questions whose items fit into one pass; at least one question."""
    chosen, n_items = [group[0]], len(group[0].items)
    for question in group[1:]:
        n_items += len(question.items)
        if n_items > most:
            break
        chosen.append(question)
    return chosen
