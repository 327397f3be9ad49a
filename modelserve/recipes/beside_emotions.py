"""What a network that reads images learns beside the emotions: numbers of the images, and where these came from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelserve.data import Rows, SplitRows
from modelserve.errors import NothingToLearn
from modelserve.evaluation.kl_divergence import kl_divergence
from modelserve.evaluation.rating_report import rate_ratings
from modelserve.evaluation.resampling import Array, Resampling
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.options import ImageEmotionOptions
from modelserve.ratings import Target, error_variances, find_targets, table_of
from modelserve.training import Batch, ask
from snapshots.reader import Snapshot


@dataclass(frozen=True, slots=True)
class Beside:
    """The targets of the heads, and the source of every stimulus that names one; empty unless sources have heads."""

    targets: list[Target]
    source_of: dict[str, str]

    def table(self, rows: Rows) -> NDArray[np.float64]:
        """(n, H), nan where unknown."""
        return table_of(self.targets, rows.stimulus_keys)

    def goals(self, rows: Rows) -> Batch:
        """What the network shall answer for these rows."""
        shares = torch.from_numpy(rows.shares)
        return (shares, torch.from_numpy(self.table(rows)).float()) if self.targets else shares

    def places(self, network: ImageEmotion, rows: Rows) -> Tensor:
        """(n,) the place of each row's source among those that the network knows, -1 = none of them."""
        place = {source: number for number, source in enumerate(network.sources)}
        return torch.tensor([place.get(self.source_of.get(key, ""), -1) for key in rows.stimulus_keys])


def beside_of(snapshot: Snapshot, options: ImageEmotionOptions) -> Beside:
    """Raises NothingToLearn where a head's numbers are nowhere."""
    source_of = {}
    if options.source_heads:
        stimuli = snapshot.stimuli()
        pairs = zip(stimuli["stimulus_key"].to_pylist(), stimuli["source_dataset"].to_pylist(), strict=True)
        source_of = {key: source for key, source in pairs if source}
    return Beside(find_targets(snapshot, options.head_names), source_of)


def notes_of(beside: Beside, rows: SplitRows) -> list[str]:
    """What a reader must know. Raises NothingToLearn where a head has nothing, or one number only, to learn from."""
    notes = []
    train, test = beside.table(rows.train), beside.table(rows.test)
    for head, target in enumerate(beside.targets):
        known = train[~np.isnan(train[:, head]), head]
        if len(known) < 2 or float(known.std()) < 1e-9:
            fact = f"all have {known[0]:g}" if len(known) > 1 else f"{len(known)} of {len(train)} have one"
            raise NothingToLearn(
                f"heads: '{target.name}': the training stimuli must have different numbers, but {fact} "
                f"({target.origin}). Leave this head out, or add numbers for more stimuli. Nothing was trained."
            )
        n_test = int((~np.isnan(test[:, head])).sum())
        if len(known) < len(train) or n_test < len(test):
            notes.append(
                f"{target.name} is known of {len(known)} of {len(train)} stimuli to learn from and of {n_test} to test."
            )
        if target.n_unusable:
            notes.append(f"{target.name}: of {target.n_unusable} stimuli it is no number; they count as unknown.")
    if beside.source_of and not sources_of(beside, rows.train):
        notes.append("The images to learn from do not come from several sources, so none has a head of its own.")
    return notes


def sources_of(beside: Beside, rows: Rows) -> list[str]:
    """The sources that get a head: those of the training stimuli, where they are several."""
    sources = sorted({beside.source_of[key] for key in rows.stimulus_keys if key in beside.source_of})
    return sources if len(sources) > 1 else []


def answers_of(network: ImageEmotion, inputs: Batch, device: str) -> tuple[Array, Array]:
    """Distributions (n, K), and numbers (n, H)."""

    def answer(batch: Any) -> Tensor:
        logs, ratings = network.answer(batch)
        return torch.cat([logs.softmax(dim=1), ratings], dim=1)

    found = ask(network, inputs, answer, device=device).numpy().astype(np.float64)
    return found[:, : network.output.out_features], found[:, network.output.out_features :]


def measure_heads(network: ImageEmotion, beside: Beside, rows: Rows, predicted: Array) -> dict[str, Any]:
    """{head: its metrics on these rows}; predicted (n, H)."""
    known = beside.table(rows)
    return {
        target.name: {"origin": target.origin}
        | rate_ratings(
            known[:, head],
            predicted[:, head],
            usual=float(network.rating_mean[head]),
            error_variance=error_variances(target, rows.stimulus_keys),
            stimuli=rows.stimuli,
        )
        for head, target in enumerate(beside.targets)
    }


def measure_sources(network: ImageEmotion, beside: Beside, rows: Rows, own: Array, shared: Array) -> dict[str, Any]:
    """{source: {n_stimuli, own, shared}}: the divergence from people with the source's head, and without.

    own, shared: (n, K) the distributions of either.
    """
    sources = np.array([beside.source_of.get(key, "") for key in rows.stimulus_keys])
    found = {}
    for source in network.sources:
        of_source = sources == source
        resampling = Resampling(rows.stimuli[of_source])
        found[source] = {
            "n_stimuli": len(np.unique(rows.stimuli[of_source])),
            "own": kl_divergence(rows.counts[of_source], own[of_source], resampling).as_json(),
            "shared": kl_divergence(rows.counts[of_source], shared[of_source], resampling).as_json(),
        }
    return found
