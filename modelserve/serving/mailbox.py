"""How questions and answers travel between web processes and those that hold networks: lists in Redis. No torch.

A question waits in one bounded list; whoever is free takes all that have come together. Its answer goes into a list of
its own. Nothing here must outlive Redis: a lost question is a caller who is told to ask again.
"""

import json
import math
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import redis
from django.conf import settings
from redis.exceptions import RedisError

QUESTIONS = "commonground:predict:questions"
ANSWER = "commonground:predict:answer:"
LOADS = "commonground:predict:loads"
LOADED = "commonground:predict:loaded:"
MOST_WAITING = 256  # questions; the next one is told at once to come again
ANSWERS_KEPT_SECONDS = 30  # for callers who went away
SILENCE_SECONDS = 40  # after which a connection counts as broken
WAIT_AT_ONCE_SECONDS = 20  # in one request to Redis: below that

# One clock for all machines, Redis' own: the time after which nobody waits any more goes in front of the question.
_PUT = """
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
local now = redis.call('TIME')
redis.call('RPUSH', KEYS[1], tostring(now[1] * 1000 + math.floor(now[2] / 1000) + tonumber(ARGV[3])) .. ' ' .. ARGV[1])
return 1
"""


class MailboxFull(Exception):
    """As many questions wait as may wait."""


class NoAnswer(Exception):
    """Nobody answered within the time."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants to know of one network.

    location: the folder of its weights in the storage, named by their content; items: names of stored images, texts, or
    what else the task reads; options: what holds for all items. Questions with equal options are answered together.
    gives_up_at: on the monotonic clock of the process that took it; never sent.
    """

    location: str
    task: str
    items: list[Any]
    options: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    gives_up_at: float = math.inf


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer per item, in order; or an error, the sentence that the person reads."""

    answers: list[Any] = field(default_factory=list)
    error: str = ""


class Mailbox:
    """One connection pool to Redis. Every method may raise RedisError."""

    def __init__(self, questions: str = QUESTIONS) -> None:
        self._redis: Any = redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=5, socket_timeout=SILENCE_SECONDS
        )
        self._questions = questions
        self._put = self._redis.register_script(_PUT)

    def ask(self, question: Question, timeout_seconds: float) -> Answer:
        """Waits for the answer. Raises MailboxFull at once where too many wait, NoAnswer when the time is over."""
        started = time.monotonic()
        self.put_all([question], timeout_seconds)
        return self.answer_to(question, timeout_seconds - (time.monotonic() - started))

    def put_all(self, questions: Sequence[Question], timeout_seconds: float) -> None:
        """Puts questions down in one trip; nobody computes for them after the time. Raises MailboxFull."""
        pipeline = self._redis.pipeline(transaction=False)
        for question in questions:
            arguments: list[str | int] = [json.dumps(_fields(question)), MOST_WAITING, int(timeout_seconds * 1000)]
            self._put(keys=[self._questions], args=arguments, client=pipeline)
        if not all(pipeline.execute()):
            raise MailboxFull

    def answer_to(self, question: Question, timeout_seconds: float) -> Answer:
        """Waits for the answer to a question that was put. Raises NoAnswer when the time is over."""
        answered = self._wait_for(ANSWER + question.id, timeout_seconds)
        if answered is None:
            raise NoAnswer
        return Answer(**json.loads(answered))

    def take(self, most: int, wait_seconds: float) -> list[Question]:
        """All questions that wait, oldest first, at most so many; waits for the first. Those too late are dropped."""
        first = self._redis.blpop([self._questions], timeout=max(0.01, wait_seconds))
        if first is None:
            return []
        trip = self._redis.pipeline(transaction=False)
        trip.time()
        if most > 1:
            trip.lpop(self._questions, most - 1)
        (seconds, microseconds), *more = trip.execute()
        taken = [first[1], *((more[0] or []) if more else [])]
        now, here = seconds * 1000 + microseconds // 1000, time.monotonic()
        pairs = [raw.split(b" ", 1) for raw in taken]
        return [
            replace(Question(**json.loads(body)), gives_up_at=here + (float(until) - now) / 1000)
            for until, body in pairs
            if float(until) > now
        ]

    def answer(self, answers: Iterable[tuple[Question, Answer]]) -> None:
        """Hands the answers out, all in one trip."""
        pipeline = self._redis.pipeline(transaction=False)
        for question, answer in answers:
            pipeline.rpush(ANSWER + question.id, json.dumps(_fields(answer)))
            pipeline.expire(ANSWER + question.id, ANSWERS_KEPT_SECONDS)
        pipeline.execute()

    def ask_to_load(self, location: str, patience_seconds: float) -> bool:
        """Asks every process to load this network before it is served, and waits for the first that has.

        False where none is there, or none was ready in time; then the first question waits for the loading.
        """
        word = uuid.uuid4().hex
        if not self._redis.publish(LOADS, json.dumps({"location": location, "word": word})):
            return False
        return self._wait_for(LOADED + word, patience_seconds) is not None

    def listen_for_loads(self, load: Callable[[str, Callable[[], None]], None]) -> Any:
        """load(location, when_done) for every request; call its `stop()` to end listening."""
        listener = self._redis.pubsub(ignore_subscribe_messages=True)

        def heard(message: dict[str, Any]) -> None:
            wanted = json.loads(message["data"])

            def when_done() -> None:
                self._redis.rpush(LOADED + wanted["word"], "1")
                self._redis.expire(LOADED + wanted["word"], ANSWERS_KEPT_SECONDS)

            load(str(wanted["location"]), when_done)

        listener.subscribe(**{LOADS: heard})
        return listener.run_in_thread(sleep_time=0.2, daemon=True, exception_handler=_listen_on)

    def _wait_for(self, name: str, patience_seconds: float) -> Any:
        """The first entry of a list, waited for; None when the time is over."""
        until = time.monotonic() + patience_seconds
        while (left := until - time.monotonic()) > 0:
            # below the connection's own patience; Redis takes 0 for 'for ever'
            found = self._redis.blpop([name], timeout=max(0.01, min(left, WAIT_AT_ONCE_SECONDS)))
            if found:
                return found[1]
        return None

    def forget(self) -> None:
        """Drops the questions that wait; for tests and benches."""
        self._redis.delete(self._questions)


def _fields(row: Question | Answer) -> dict[str, Any]:
    """As dataclasses.asdict, which would copy every number of an answer; without what only this process knows."""
    return {field.name: getattr(row, field.name) for field in fields(row) if field.name != "gives_up_at"}


def _listen_on(error: BaseException, listener: Any, thread: Any) -> None:
    """Redis was restarted: the listener connects anew by itself, and a load that was missed only makes one wait."""
    if not isinstance(error, RedisError):
        raise error
    time.sleep(1.0)


def n_items(questions: Sequence[Question]) -> int:
    return sum(len(question.items) for question in questions)
