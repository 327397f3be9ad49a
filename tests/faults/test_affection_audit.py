"""The audit of a replay finds what is wrong, and the tools of the replay do what they say."""

import random
import socket
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Response
from annotation.services.revise_response import revise_response
from annotation.services.withdraw import withdraw_participation, withdraw_response
from bench.affection_audit import audit, is_empty
from bench.affection_log import Log, fingerprint
from bench.affection_people import answers_per_person
from bench.bad_network import TROUBLES, BadNetwork
from bench.http_client import Browser
from tests.conftest import make_participation, make_study, respond

# the audit


@pytest.fixture
def replayed(db: None, tmp_path: Path) -> tuple[Any, list[Response], Path]:
    """Two images that want two responses each, answered by two people, and what the client was told."""
    study = make_study(n_stimuli=2, wanted_responses=2)
    people = [make_participation(study) for _ in range(2)]
    responses = [respond(person) for person in people for _ in range(2)]
    path = tmp_path / "acknowledged.log"
    log = Log(path)
    for response in responses:
        log.add("saved", str(response.client_key), "accepted", fingerprint(response.answers))
    log.close()
    return study, responses, path


def findings(study: Any, path: Path) -> dict[str, Any]:
    refresh_statistics(wait=True)
    return audit(study.slug, path)


def test_a_sound_study_has_an_empty_audit(replayed: tuple[Any, list[Response], Path]) -> None:
    study, _, path = replayed
    found = findings(study, path)
    assert is_empty(found), found
    assert (found["stimuli"], found["acknowledged"], found["stored"]) == ({"2 of 2": 2}, 4, {"accepted": 4})


def test_an_answer_that_was_acknowledged_and_is_not_there(replayed: tuple[Any, list[Response], Path]) -> None:
    study, _, path = replayed
    with path.open("a") as file:
        file.write(f"saved {uuid.uuid4()} accepted 00\n")
    found = findings(study, path)
    assert found["differences"] == {"acknowledged, not stored": 1}
    assert not is_empty(found)


def test_an_answer_that_nobody_was_told_of(replayed: tuple[Any, list[Response], Path]) -> None:
    study, _, path = replayed
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    assert findings(study, path)["differences"] == {"stored, not acknowledged or stored twice": 1}


def test_an_answer_with_other_words(replayed: tuple[Any, list[Response], Path]) -> None:
    study, responses, path = replayed
    response = responses[0]
    Response.objects.filter(pk=response.pk).update(answers={**response.answers, "explanation": "other words"})
    assert findings(study, path)["differences"] == {"stored with another content": 1}


def test_a_stimulus_with_one_answer_too_few(replayed: tuple[Any, list[Response], Path]) -> None:
    study, responses, path = replayed
    withdraw_response(response=responses[0])
    found = findings(study, path)
    assert found["differences"] == {
        "acknowledged as accepted, stored as withdrawn": 1,
        "stimulus without its exact number": 1,
    }


def test_what_was_revised_and_withdrawn_is_expected_so(replayed: tuple[Any, list[Response], Path]) -> None:
    study, responses, path = replayed
    changed = {**responses[0].answers, "explanation": "on second thoughts the dog looks rather tired and old"}
    revise_response(study=study, response=responses[0], client_key=uuid.uuid4(), answers=changed)
    withdraw_participation(participation=responses[2].participation)
    with path.open("a") as file:
        file.write(f"revised {responses[0].client_key} - {fingerprint(changed)}\n")
        file.write(f"withdrew 1 {responses[2].participation_id}\n")
    # her slots are open again, which is all that is left to say
    assert findings(study, path)["differences"] == {"stimulus without its exact number": 2}


# the crowd


@pytest.mark.parametrize(("n_people", "n_responses", "most"), [(6283, 537_284, 5000), (358, 30_600, 1250), (3, 30, 20)])
def test_answers_per_person_follow_a_power_law(n_people: int, n_responses: int, most: int) -> None:
    numbers = answers_per_person(n_people, n_responses, most)
    assert len(numbers) == n_people
    assert n_responses <= sum(numbers) <= 1.02 * n_responses + n_people
    assert 1 <= min(numbers) <= max(numbers) <= most
    if n_people > 100:
        busiest = sorted(numbers, reverse=True)[: n_people // 5]
        assert 0.6 < sum(busiest) / sum(numbers) < 0.9


def test_too_few_people_are_refused() -> None:
    with pytest.raises(ValueError, match="Ask for more people"):
        answers_per_person(2, 100, 20)


# the network


class _Counting(ThreadingHTTPServer):
    daemon_threads = True
    seen: list[str]


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Counting

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(body.decode())
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_Counting]:
    counting = _Counting(("127.0.0.1", 0), _Answer)
    counting.seen = []
    thread = threading.Thread(target=counting.serve_forever)
    thread.start()
    yield counting
    counting.shutdown()
    thread.join()
    counting.server_close()


def test_one_request_in_so_many_gets_into_trouble(server: _Counting) -> None:
    n = 400
    lost = 0
    with BadNetwork(server.server_address[1], one_in=10, seed=3) as network:
        browser = Browser(network.port)
        for number in range(n):
            try:
                assert browser.post_json("/", number).body == str(number).encode()
            except OSError:
                lost += 1
        browser.close()
    happened = network.happened
    assert set(happened) == set(TROUBLES)
    assert 0.05 * n < sum(happened.values()) < 0.16 * n
    assert lost == happened["dropped before"] + happened["dropped after"]
    assert len(server.seen) == n - happened["dropped before"] + happened["doubled"]
    assert len(set(server.seen)) == n - happened["dropped before"]


def test_a_network_without_trouble_hands_everything_on(server: _Counting) -> None:
    words = "x" * random.Random(1).randint(200_000, 300_000)
    with BadNetwork(server.server_address[1], one_in=10**9) as network:
        browser = Browser(network.port)
        assert browser.post_json("/", words).json() == words
        browser.close()
        with socket.create_connection(("127.0.0.1", network.port)) as silent:
            assert silent.getpeername()[1] == network.port
    assert network.n_requests == 1
