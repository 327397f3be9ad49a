"""What people made of a network's texts: counted beside a frozen study, on its page, in its files."""

import csv
import uuid
from collections.abc import Callable

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.models import AnalysisResult
from analysis.services.rated_texts import JOB_KIND, start_rated_texts, store_rated_texts
from analysis.services.refresh_statistics import refresh_statistics
from annotation.errors import StateConflict
from annotation.machine_texts.lot import drawn_share
from annotation.machine_texts.options import MachineTextOptions
from annotation.models import MachineText, Study
from annotation.services.rate_machine_text import rate_machine_text
from annotation.services.show_machine_text import show_machine_text
from annotation.services.withdraw import withdraw_participation
from jobs.models import Job
from jobs.services import run
from tests.annotation.machine_texts.written import telling_study
from tests.conftest import make_participation, make_study, respond

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def take_part(study: Study, n_people: int, *, parrots: bool, seed: int = 1) -> dict[str, bool]:
    """People who answer five images each; {pseudonym: is shown}. parrots: those who are shown choose awe from then on
    and write what the network would."""
    random, sides = np.random.default_rng(seed), {}
    study.machine_texts = {**study.machine_texts, "seed": 20221004}  # so that the lot falls the same each time
    study.save(update_fields=["machine_texts"])
    for number in range(n_people):
        person = make_participation(study)
        person.annotator.pseudonym, person.ring_place = f"a-person{number}", number * 1000
        person.annotator.save()
        person.save()
        is_shown = None
        for _ in range(5):
            label = str(random.choice(["awe", "fear", "anger"]))
            words = " ".join(random.choice(["old", "dark", "wide", "near", "cold", "blue", "still"], 5))
            if parrots and is_shown:
                label = "awe"
            given = {"emotion": label, "explanation": words}
            response = respond(person, given, duration_ms=int(random.integers(20_000, 40_000)))
            if parrots and is_shown:
                text = MachineText.objects.get(stimulus=response.stimulus_id, label="awe").text
                response.answers = {**given, "explanation": text}
                response.save(update_fields=["answers"])
            turn = show_machine_text(study=study, participation=person, response=response)
            assert turn is not None
            is_shown = turn.is_shown
            if is_shown:
                rating = None if random.random() < 0.2 else int(random.integers(2, 6))
                rate_machine_text(participation=person, response_id=response.pk, client_key=uuid.uuid4(), rating=rating)
        sides[person.annotator.pseudonym] = bool(is_shown)
    return sides


def test_an_effect_is_found_and_everything_is_on_the_page(mika: User, sign_in: SignIn) -> None:
    study = telling_study(mika, held_out_share=0.5, n_stimuli=6, wanted_responses=60)
    sides = take_part(study, 36, parrots=True)
    refresh_statistics(wait=True)
    client, address = sign_in(mika), f"/studies/{study.slug}/rated-explanations"
    assert "Not counted yet" in client.get(address).content.decode()
    assert client.post(address).status_code == 302
    job = Job.objects.get(kind=JOB_KIND)
    run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.DONE, job.error
    found = AnalysisResult.objects.get(name="rated_texts").result
    effect = found["effect"]
    assert effect["n_people"] == {"shown": sum(sides.values()), "held_out": 36 - sum(sides.values())}
    assert effect["n_answers"] == 36 * 4
    by_name = {one["name"]: one for one in [effect["distribution"], *effect["outcomes"]]}
    assert by_name["distribution"]["verdict"] == "differ"
    assert by_name["likeness"]["verdict"] == "differ"
    assert by_name["likeness"]["low"] > 0.3
    assert by_name["seconds"]["verdict"] != "differ"
    awe = next(one for one in effect["labels"] if one["label"]["id"] == "awe")
    assert awe["verdict"] == "differ"
    assert awe["shown"] == 1.0
    [version] = found["versions"]
    rated = version["all"]
    assert (version["version"], rated["n_shown"]) == (3, 5 * sum(sides.values()))
    assert rated["mean"]["low"] < 3.5 < rated["mean"]["high"]
    assert rated["n_rated"] == sum(rated["counts"]) == found["n_rated"] < rated["n_shown"]
    assert sum(one["n_rated"] for one in version["labels"].values()) == rated["n_rated"]
    assert sum(one["n_rated"] for one in version["splits"].values()) == rated["n_rated"]

    page = client.get(address).content.decode()
    for words in (
        "Does seeing them change later answers?",
        "they differ",
        "How plausible: version 3",
        "most plausible",
    ):
        assert words in page, words
    table = client.get(f"{address}/plausible-3-grounded.csv").content.decode().splitlines()
    assert table[0].startswith("group,n_shown,n_rated,mean,low,high")
    assert client.get(f"{address}/feelings.csv").status_code == 200
    assert client.get(f"{address}/nothing.csv").status_code == 404
    told = client.get(f"/api/v1/studies/{study.slug}/machine-texts").json()
    assert told["result"]["n_rated"] == found["n_rated"]
    assert "seed" not in told["settings"]

    # the export, from which the draw can be repeated
    rows = list(csv.DictReader(client.get(f"{address}/ratings.csv").content.decode().splitlines()))
    assert len(rows) == 36 * 5
    assert {row["annotator"]: row["arm"] == "shown" for row in rows} == sides
    for row in rows:
        is_held_out = drawn_share(int(row["draw_seed"]), row["annotator"]) < float(row["held_out_share"])
        assert is_held_out == (row["arm"] == "held_out")
        assert (row["rating"] != "") <= (row["arm"] == "shown")


def test_without_an_effect_nothing_is_claimed_and_twice_gives_the_same(mika: User) -> None:
    study = telling_study(mika, held_out_share=0.5, n_stimuli=6, wanted_responses=60)
    take_part(study, 16, parrots=False)
    first = store_rated_texts(study).result
    verdicts = {one["verdict"] for one in [first["effect"]["distribution"], *first["effect"]["outcomes"]]}
    assert not any(verdict.startswith("differ") for verdict in verdicts)
    assert store_rated_texts(study).result == first
    assert AnalysisResult.objects.filter(name="rated_texts").count() == 1


def test_few_people_and_none_are_told_as_such(mika: User, sign_in: SignIn) -> None:
    empty = make_study(mika)
    with pytest.raises(StateConflict, match="nothing to count"):
        start_rated_texts(study=empty)
    page = sign_in(mika).get(f"/studies/{empty.slug}/rated-explanations").content.decode()
    assert "Nothing is shown after an answer" in page

    study = telling_study(mika, held_out_share=0.0, n_stimuli=6, wanted_responses=60)
    sides = take_part(study, 3, parrots=False)
    assert all(sides.values())
    effect = store_rated_texts(study).result["effect"]
    every = [effect["distribution"], *effect["outcomes"], *effect["labels"]]
    assert {one["verdict"] for one in every} == {"cannot_tell"}
    page = sign_in(mika).get(f"/studies/{study.slug}/rated-explanations").content.decode()
    assert "So far nothing can be told" in page


def test_whoever_withdraws_leaves_the_next_count(mika: User) -> None:
    study = telling_study(mika, held_out_share=0.0, n_stimuli=6, wanted_responses=60)
    take_part(study, 2, parrots=False)
    one = study.participations.order_by("pk").first()
    assert one is not None
    before = store_rated_texts(study).result["n_shown"]
    withdraw_participation(participation=one)
    after = store_rated_texts(study).result
    assert (before, after["n_shown"], after["n_raters"]) == (10, 5, 1)
    assert AnalysisResult.objects.filter(name="rated_texts").count() == 1
    assert MachineTextOptions.of(Study.objects.get(pk=study.pk).machine_texts).is_on
