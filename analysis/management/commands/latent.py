"""`manage.py latent STUDY`: what methods that assume one true label make of the votes, beside the votes."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analysis.json_pointer import at_pointer
from analysis.services.latent_truth import latent_truth, methods_named, snapshot_of_storage
from analysis.statistics.latent import METHODS
from annotation.errors import InvalidInput
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.study_lookup import find_snapshot, find_study
from snapshots.errors import SnapshotError
from snapshots.reader import Snapshot, open_snapshot

EXAMPLES = """
examples:
  manage.py latent feelings-at-the-lake-1a2b3c4d
  manage.py latent feelings-at-the-lake-1a2b3c4d --method dawid_skene --method glad --json > latent.json
  manage.py latent exports/5f0c.../ --method all
  manage.py latent feelings-at-the-lake-1a2b3c4d --snapshot 5f0c9a2b41de --method all --json \\
      --at /methods/1/figures/n_overruled

For comparison, never a replacement for the votes: a feeling has no true label, and disagreement is the data.
A study is frozen first, so that the numbers name the snapshot that they come from. The JSON holds, per method, its
options and source, every stimulus's label and probabilities, every annotator's skill with a 95 % interval, and the
stimuli on which the method departs most from the votes, with the weight of each vote.
"""


class Command(BaseCommand):
    help = "Compares the votes of a study with what methods such as Dawid-Skene take for the one true label."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("study", help="a study's slug or its title, or the folder of a snapshot")
        parser.add_argument(
            "--method",
            action="append",
            metavar="NAME",
            help=f"may be repeated: {', '.join(method.name for method in METHODS)}, all; default dawid_skene",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object with everything")
        parser.add_argument("--snapshot", metavar="ID", default="", help="an earlier snapshot: its id or how it begins")
        parser.add_argument(
            "--at", metavar="POINTER", default="", help="print only what stands there in the JSON (RFC 6901)"
        )
        parser.add_argument("--stimuli", type=int, default=5, metavar="N", help="show N stimuli per method; default 5")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            methods = methods_named(options["method"] or ["dawid_skene"])
            snapshot = self._snapshot(options["study"], options["snapshot"])
            results = latent_truth(snapshot, methods, with_everything=options["json"])
        except (InvalidInput, SnapshotError) as error:
            raise CommandError(str(error)) from error
        if options["json"] or options["at"]:
            try:
                chosen = at_pointer({"study": options["study"], "methods": results}, options["at"])
            except LookupError as error:
                raise CommandError(str(error.args[0])) from error
            self.stdout.write(json.dumps(chosen, ensure_ascii=False))
            return
        self.stdout.write(f"snapshot {snapshot.id[:12]}, program {results[0]['code_version']}")
        for result in results:
            self.stdout.write("\n".join(["", *_lines(result, options["stimuli"])]))
        self.stdout.write("\nFor comparison: these methods assume one true label per stimulus, and a feeling has none.")

    def _snapshot(self, name: str, snapshot: str) -> Snapshot:
        study = find_study(name)
        if study is not None:
            chosen = find_snapshot(study, snapshot) if snapshot else freeze_snapshot(study=study)
            return snapshot_of_storage(chosen.snapshot_id)
        if Path(name).is_dir():
            return open_snapshot(name)
        raise InvalidInput(
            f"There is no study and no snapshot folder {name!r}. A study's slug is the end of its address: "
            "https://.../studies/SLUG."
        )


def _lines(result: dict[str, Any], n_stimuli: int) -> list[str]:
    figures = result["figures"]
    lines = [
        result["title"],
        f"  assumes: {result['assumes']}",
        f"  {figures['n_responses']:,} responses of {figures['n_annotators']:,} people "
        f"on {figures['n_stimuli']:,} stimuli",
        f"  overrules the most frequent label on {figures['n_overruled']:,} stimuli, "
        f"decides {figures['n_tie_broken']:,} ties",
        f"  mean divergence from the votes: {figures['mean_divergence_nats']:.4f} nats (0 = the same, 0.6931 = apart)",
    ]
    if figures["skill_quartiles"]:
        low, middle, high = figures["skill_quartiles"]
        lines.append(f"  skill: half of the people between {low:.2f} and {high:.2f}, median {middle:.2f}")
    if not figures["converged"]:
        lines.append(f"  it had not come to rest after {figures['n_iterations']} iterations")
    lines += [f"  {one['stimulus_key'][:12]}  {one['why']}" for one in result["unlike_votes"][:n_stimuli]]
    return lines
