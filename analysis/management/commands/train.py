"""`manage.py train STUDY`: let a network learn from a study, or from the folder of a snapshot."""

import json
import os
import tempfile
import time
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from analysis.network_heads import head_lines
from analysis.network_metrics import metric_lines
from analysis.services.train_on_study import train_on_study
from annotation.errors import AnnotationError
from annotation.models import Study
from annotation.queries import snapshots_of
from annotation.study_lookup import find_study
from jobs.handle import JobHandle
from jobs.models import Job
from jobs.services import claim, end, work_on
from modelserve.errors import ModelServeError
from modelserve.models import Network, TrainingRun
from modelserve.options import SMALL_CONV, TASKS, describe_options, parse_options
from modelserve.queries import training_runs_of
from snapshots.errors import SnapshotError
from snapshots.reader import open_snapshot

LOOK_SECONDS = 1.0
MANIFEST = "manifest.json"

HELP = """Let a network learn what people feel: from a study, which is frozen first, or from the folder of a snapshot.

  image_emotion   image -> how many people feel what (learns the whole distribution)
  text_emotion    explanation -> the emotion that its writer chose
  listener        image and explanation -> how well they belong together
  speaker         image (and an emotion) -> an explanation; `manage.py speak` asks it

About one stimulus in ten is held out, and measured on at the end. A network of a study becomes its next version; it
answers for the study if it is the first one, or better than the one before on the same held-out stimuli. The same
seed on the same data gives the same network.

Without --now and --wait the training is queued, and a worker does it: the command returns at once.

Examples:
  manage.py train feelings-at-the-lake-1a2b3c4d --task image_emotion
  manage.py train feelings-at-the-lake-1a2b3c4d --task text_emotion --wait
  manage.py train feelings-at-the-lake-1a2b3c4d --task image_emotion --now --seed 7 --epochs 10
  manage.py train feelings-at-the-lake-1a2b3c4d --task image_emotion --encoder transformers:/models/vit-small
  manage.py train feelings-at-the-lake-1a2b3c4d --task image_emotion --option heads=valence,arousal
  manage.py train feelings-at-the-lake-1a2b3c4d --task text_emotion --encoder transformer
  manage.py train feelings-at-the-lake-1a2b3c4d --task speaker --option decoder=transformer
  manage.py train snapshots/5f0c.../ --task text_emotion --out networks/first
  torchrun --nproc-per-node 4 manage.py train snapshots/5f0c.../ --task speaker --out networks/large

Every other option goes into --option, as in --option learning_rate=0.001 --option freeze_encoder=true:
"""


class Command(BaseCommand):
    help = HELP + "\n".join(
        f"  {row['name']:<20} {row['meaning']} (default {row['default']})"
        for row in {row["name"]: row for task in TASKS for row in describe_options(task)}.values()
        if row["name"] not in ("seed", "epochs", "encoder")
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="a study's slug (the end of its address) or title, or a snapshot's folder")
        parser.add_argument("--task", required=True, help=f"what to learn: {' or '.join(TASKS)}")
        parser.add_argument("--seed", type=int, help="of weights, order and dropout (default 2021)")
        parser.add_argument("--epochs", type=int, help="passes over the training stimuli, at most (default 40)")
        parser.add_argument(
            "--encoder",
            help=f"of images: {SMALL_CONV} (default), small_vit; of explanations: lstm (default), transformer; or "
            "transformers:NAME, or transformers:FOLDER",
        )
        parser.add_argument(
            "--option", action="append", default=[], metavar="NAME=VALUE", help="any other option; see above"
        )
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--wait", action="store_true", help="wait for the worker, then print the metrics")
        how.add_argument("--now", action="store_true", help="train in this process instead of a worker's")
        parser.add_argument("--out", type=Path, help="with a snapshot's folder: the folder that gets the network")
        parser.add_argument("--json", action="store_true", help="print the metrics as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        self.as_json = options["json"]
        self.rank, n_processes = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        try:
            chosen = _chosen(options)
            parse_options(options["task"], chosen)
            folder = Path(options["study"])
            # A snapshot's folder first: whoever has one needs no database.
            study = None if (folder / MANIFEST).is_file() else find_study(options["study"])
            if study is not None and n_processes > 1:
                raise CommandError(
                    "Several processes train on the folder of a snapshot: freeze the study (manage.py snapshot), then "
                    "torchrun ... manage.py train SNAPSHOT_FOLDER --task ... --out FOLDER. Nothing was trained."
                )
            if study is not None:
                self._train_on_study(study, options["task"], chosen, now=options["now"], wait=options["wait"])
            elif folder.is_dir():
                self._train_on_folder(folder, options["task"], chosen, options["out"])
            else:
                raise CommandError(
                    f"There is no study and no snapshot folder {options['study']!r}. A study's slug is the end of "
                    "its address: https://.../studies/SLUG."
                )
        except (ModelServeError, AnnotationError, SnapshotError) as error:
            raise CommandError(str(error)) from error

    def _train_on_study(self, study: Study, task: str, options: dict[str, Any], *, now: bool, wait: bool) -> None:
        with transaction.atomic():
            job = train_on_study(study=study, task=task, options=options)
            # claimed before any worker hears of it
            claimed = claim(job.pk) if now else None
        if now:
            self._work_on(claimed, job)
        elif not wait:
            self.stdout.write(
                f"Queued as job {job.pk}. Watch it at /studies/{study.slug}/networks, or use --wait the next time."
            )
            return
        job = self._ended(job)
        run_id = job.result.get("training_run")
        if run_id is None:
            raise CommandError(job.error or f"The training was {job.state}.")
        run = training_runs_of(study.slug).get(pk=run_id)
        if run.job is None:
            raise CommandError(f"Training run {run_id} has no job; start it again.")
        if now and run.job.state == Job.QUEUED:
            self._work_on(claim(run.job.pk), run.job)
        self._ended(run.job)
        self._tell(study, training_runs_of(study.slug).get(pk=run_id))

    def _work_on(self, claimed: Job | None, job: Job) -> None:
        """Does the job here; where a worker was faster, its end is waited for instead."""
        if claimed is None:
            self._say(f"A worker has job {job.pk} in hand; waiting for it.")
            return
        try:
            work_on(claimed, lambda row: SpeakingHandle(row, self._say))
        except KeyboardInterrupt:
            end(claimed, Job.CANCELLED)
            raise CommandError("Stopped. No network was registered.") from None

    def _ended(self, job: Job) -> Job:
        """Waits for the end; raises CommandError with the job's sentence if it failed or was cancelled."""
        told = ""
        while True:
            job.refresh_from_db()
            if job.has_ended:
                break
            said = f"{job.message or job.get_state_display()} {'' if job.percent is None else f'({job.percent} %)'}"
            if said != told:
                self._say(said.strip())
                told = said
            time.sleep(LOOK_SECONDS)
        if job.state == Job.DONE:
            return job
        raise CommandError(job.error or "The training was cancelled. No network was registered.")

    def _tell(self, study: Study, run: TrainingRun) -> None:
        network: Network = run.network
        record = snapshots_of(study).get(run.snapshot_id)
        facts = {
            "study": study.slug,
            "task": run.task,
            "version": network.version,
            "is_served": network.is_promoted,
            "outcome": run.outcome,
            "training_run": run.pk,
            "snapshot_id": run.snapshot_id,
            "n_responses": record.n_responses if record else None,
            "n_simulated": record.n_simulated if record else None,
            "seed": run.seed,
            "code_version": run.code_version,
            "metrics": network.metrics,
            "comparison": network.comparison,
        }
        if self.as_json:
            self.stdout.write(json.dumps(facts, indent=2, ensure_ascii=False))
            return
        self.stdout.write(run.outcome)
        self.stdout.write(f"Snapshot {run.snapshot_id[:12]}, seed {run.seed}, program {run.code_version}.")
        if record and record.n_simulated:
            self.stdout.write(f"{record.n_simulated} of the {record.n_responses} responses are simulated.")
        metrics = network.metrics
        lines = ["", *metric_lines(metrics), *head_lines(metrics), *metrics.get("notes", [])]
        self.stdout.write("\n".join(lines))

    def _train_on_folder(self, folder: Path, task: str, options: dict[str, Any], out: Path | None) -> None:
        """Without database and registry: the network goes into a folder."""
        if out is None:
            raise CommandError("With a snapshot's folder, name the folder that gets the network: --out FOLDER.")
        if out.exists() and any(out.iterdir()):
            raise CommandError(f"The folder {str(out)!r} is not empty. Name another one; nothing was trained.")
        # Torch takes seconds: only who trains imports it.
        from modelserve.networks.saved import save_network
        from modelserve.recipes import learn
        from modelserve.training import Watcher

        snapshot = open_snapshot(folder)
        with tempfile.TemporaryDirectory(prefix="commonground-train-") as work_folder:
            learned = learn(
                snapshot,
                task,
                parse_options(task, options),
                work_folder=Path(work_folder),
                watcher=Watcher(log=self._say),
            )
        if self.rank:
            return  # the first process writes for all
        save_network(out, learned.saved)
        facts = {"task": task, "snapshot_id": snapshot.id, "options": options, "metrics": learned.metrics}
        (out / "metrics.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        if self.as_json:
            self.stdout.write(json.dumps(facts, indent=2))
            return
        lines = [f"Written into {out}.", "", *metric_lines(learned.metrics), *head_lines(learned.metrics)]
        self.stdout.write("\n".join(lines))

    def _say(self, line: str) -> None:
        if self.rank:
            return
        # beside the result, so that --json can be piped on
        self.stderr.write(line)
        self.stderr.flush()


class SpeakingHandle(JobHandle):
    """Says on the terminal what the job's log holds."""

    def __init__(self, job: Job, say: Any) -> None:
        super().__init__(job)
        self._say = say

    def log(self, line: str) -> None:
        super().log(line)
        self._say(line)


def _chosen(options: dict[str, Any]) -> dict[str, Any]:
    """What was named on the command line, typed as the table of options says. Raises CommandError."""
    chosen = {name: options[name] for name in ("seed", "epochs", "encoder") if options[name] is not None}
    if options["task"] not in TASKS:
        raise CommandError(f"--task {options['task']!r} is unknown; use {' or '.join(TASKS)}.")
    types = {row["name"]: row["type"] for row in describe_options(options["task"])}
    for given in options["option"]:
        name, equals, value = given.partition("=")
        if not equals:
            raise CommandError(f"--option {given!r}: write NAME=VALUE, as in --option learning_rate=0.001.")
        try:
            chosen[name] = json.loads(value) if types.get(name) in ("int", "float", "bool") else value
        except ValueError:
            raise CommandError(f"--option {given!r}: {value!r} is no {types[name]}.") from None
    return chosen
