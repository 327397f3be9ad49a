"""kill -9 of any one process while people annotate: what was reported saved is there once, and work goes on."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg2
import pytest

from launcher.processes import children_of
from tests.faults.crowd import Crowd
from tests.launcher.test_up import Site, new_site
from tests.launcher.waiting import ROOT, is_gone, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
N_PEOPLE, N_STIMULI, WANTED = 6, 2000, 6
BACK_SECONDS = 60.0


@dataclass
class Study:
    """A study of a running site, with people at work in it."""

    site: Site
    slug: str
    crowd: Crowd

    def beside(self, *words: str, text: str = "") -> str:
        return beside(self.site, *words, text=text)

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.site.record()["database_url"])
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                return cursor.fetchall()
        finally:
            connection.close()

    def job(self, pk: int) -> dict[str, Any]:
        rows = self.query("select state, done, total, attempts, error from jobs_job where id = %s", pk)
        return dict(zip(("state", "done", "total", "attempts", "error"), rows[0], strict=True))


def beside(site: Site, *words: str, text: str = "") -> str:
    """Runs `python WORDS` with the site's environment; returns what it prints."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=site.environment | site.record()["environment"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    site = new_site(tmp_path_factory.mktemp("site"))
    with site.start() as process:
        site.wait_until_ready(process)
        slug = beside(site, "-m", "bench.study", "make", str(N_STIMULI), str(WANTED))
        crowd = Crowd(site.port, slug)
        with crowd.at_work(N_PEOPLE):
            wait_until(lambda: min(crowd.n_saved) > 3, "everybody has begun")
            yield Study(site, slug, crowd)


def victim(study: Study, name: str) -> int:
    """The id of the process called NAME in run.json, or of the youngest of its children."""
    name, _, part = name.partition("'s ")
    pid = int(study.site.record()["pids"][name])
    if not part:
        return pid
    if name == "postgres":
        rows = study.query(
            "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
        )
        return int(rows[0][0])
    return children_of(pid)[-1]


def kill(study: Study, name: str) -> None:
    """Kills it and waits until everybody's work goes on and nothing that was saved is missing."""
    pid = victim(study, name)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: is_gone(pid), f"{name} ends")
    if "'s " not in name:
        wait_until(lambda: study.site.record()["pids"].get(name, pid) != pid, f"{name} is started again")
    before = list(study.crowd.n_saved)
    wait_until(study.site.is_whole, "the site is whole", seconds=BACK_SECONDS)

    def everybody_goes_on() -> bool:
        return all(now >= then + 3 for then, now in zip(before, study.crowd.n_saved, strict=True))

    wait_until(lambda: everybody_goes_on() or study.crowd.surprises, "everybody saves again", seconds=BACK_SECONDS)
    assert study.crowd.surprises == []
    assert_all_saved(study)


def assert_all_saved(study: Study) -> None:
    """Every answer that was reported saved is stored once, as it was written."""
    saved = dict(study.crowd.saved)
    rows = study.query(
        "select client_key::text, answers from annotation_response where client_key = any(%s::uuid[])", list(saved)
    )
    assert len(rows) == len(saved)
    assert dict(rows) == saved


@pytest.mark.parametrize(
    "name", ["web's worker", "web", "beat", "valkey", "everyday", "postgres's backend", "postgres"]
)
def test_work_goes_on_and_nothing_saved_is_lost(study: Study, name: str) -> None:
    kill(study, name)


def test_an_export_is_finished_although_its_worker_is_killed(study: Study) -> None:
    job = int(study.beside("-m", "tests.faults.start_jobs", "export", study.slug))
    for pid in children_of(int(study.site.record()["pids"]["everyday"])):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: study.job(job)["state"] not in ("queued", "running"), "the export ends", seconds=300)
    assert study.job(job)["state"] == "done", study.job(job)


def test_a_training_goes_on_after_its_worker_is_killed_in_the_middle(study: Study) -> None:
    wait_until(lambda: len(study.crowd.saved) > 300, "there is enough to learn from", seconds=180)
    job = int(study.beside("-m", "tests.faults.start_jobs", "train", study.slug))

    def is_in_the_middle() -> bool:
        now = study.job(job)
        assert now["state"] in ("queued", "running"), now["error"]
        return bool(now["total"]) and now["done"] > now["total"] // 20

    wait_until(is_in_the_middle, "the training is in the middle", seconds=300)
    done = study.job(job)["done"]
    kill(study, "training's worker")
    assert study.job(job)["state"] == "running"
    wait_until(lambda: study.job(job)["attempts"] > 1, "the training is taken up again", seconds=300)
    wait_until(lambda: study.job(job)["state"] != "running", "the training ends", seconds=300)
    assert study.job(job)["state"] == "done", study.job(job)
    logged = study.query("select log from jobs_job where id = %s", job)[0][0]
    assert done > 0
    assert "Going on" in logged, logged
    assert len(study.query("select id from modelserve_network where study_key = %s", study.slug)) == 1


def test_at_the_end_the_study_is_sound(study: Study) -> None:
    assert_all_saved(study)
    findings = json.loads(study.beside("-m", "bench.study", "audit", study.slug, text="\n".join(study.crowd.saved)))
    assert findings["faults"] == []
    assert findings["most_accepted_of_one_stimulus"] <= WANTED
    assert findings["acknowledged_but_not_stored_once"] == 0
    people = study.query(
        "select count(*) from (select 1 from annotation_response where study_id = (select id from annotation_study"
        " where slug = %s) group by stimulus_id, participation_id having count(*) > 1) twice",
        study.slug,
    )
    assert people == [(0,)]
