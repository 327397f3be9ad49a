"""The state of a study's statistics: sums that follow a change and can be added to those of other parts of the data."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.contributions import Columns
from analysis.statistics.counts import as_label_counts
from analysis.statistics.estimate import Estimate
from analysis.statistics.figures import GroupedSums, all_estimates
from analysis.statistics.in_order import in_order
from analysis.statistics.polarity import as_polarities, polarity_matrix
from analysis.statistics.resampling import DEFAULT_SEED, N_RESAMPLES
from analysis.statistics.sum_changes import Change, Shapes, Sums, add_changes, changes_of
from analysis.statistics.sums_as_bytes import StoredSums, SumsMismatch, from_bytes, to_bytes

#: Stimuli weighed at once: many enough that a product of matrices keeps two cores busy, and bounds the memory.
CHUNK = 4096


class AgreementSums:
    """Everything that the figures of one study are made from, small and exact.

    For each number of responses m, the contributions of the stimuli with m responses are summed (see
    `contributions.py`), once for the data and once for each resample; beside them, the stimuli of each shape of label
    counts and of polarity counts (see `patterns.py`). All sums are whole numbers, so adding a stimulus, replacing or
    removing it, in any order and in any number of parts, gives exactly what one count of everything gives.

    n_labels: size of the label set.
    polarities: 'positive', 'negative' or 'else' for each label, or None if the labels have none.
    n_resamples: 0 = no intervals.
    seed: of the resamples; with the stimulus keys it fixes them entirely.
    """

    def __init__(
        self,
        n_labels: int,
        polarities: Sequence[str | None] | None = None,
        n_resamples: int = N_RESAMPLES,
        seed: int = DEFAULT_SEED,
    ) -> None:
        if n_labels < 1:
            raise ValueError(f"A label set has at least one label; got n_labels = {n_labels}.")
        if n_resamples < 0:
            raise ValueError(f"The number of resamples is 0 or more; got {n_resamples}.")
        self.n_labels = n_labels
        self.polarities = as_polarities(polarities, n_labels)
        self.n_resamples = n_resamples
        self.seed = seed
        self._columns = Columns(n_labels)
        self._groups: dict[int, Sums] = {}
        self._shapes: Shapes = {}
        self._polarity_shapes: Shapes = {}

    @classmethod
    def of_counts(
        cls,
        counts: ArrayLike,
        *,
        polarities: Sequence[str | None] | None = None,
        keys: Sequence[str] | None = None,
        n_resamples: int = N_RESAMPLES,
        seed: int = DEFAULT_SEED,
    ) -> "AgreementSums":
        """The sums of one table of label counts (n_stimuli, n_labels); without keys, the row numbers serve as keys."""
        checked = as_label_counts(counts)
        sums = cls(checked.shape[1], polarities, n_resamples, seed)
        sums.add([str(row) for row in range(len(checked))] if keys is None else keys, checked)
        return sums

    # Changing

    def add(self, keys: Sequence[str], counts: ArrayLike) -> None:
        """Adds stimuli that are not in the sums yet; see `replace`."""
        new_counts = as_label_counts(counts)
        self.replace(keys, np.zeros_like(new_counts), new_counts)

    def replace(self, keys: Sequence[str], old_counts: ArrayLike, new_counts: ArrayLike) -> None:
        """Takes away what each stimulus contributed before and adds what it contributes now.

        keys: one per stimulus; a key is what the stimulus is known by for good, it decides the resamples.
        old_counts, new_counts: (n_stimuli, n_labels). A row of zeros in the old counts means a new stimulus, in the new
            counts one that is gone. The cost grows with the number of rows given and with nothing else.
        Raises ValueError if shapes do not fit, and SumsMismatch if the old counts cannot have been part of the sums.
            Nothing has changed then.
        """
        old, new = as_label_counts(old_counts), as_label_counts(new_counts)
        if old.shape != new.shape or old.shape[0] != len(keys) or old.shape[1] != self.n_labels:
            raise ValueError(
                f"{len(keys)} stimuli of a study with {self.n_labels} labels need counts of shape "
                f"({len(keys)}, {self.n_labels}); got {old.shape} before and {new.shape} after. "
                "The sums are unchanged."
            )
        changed = np.flatnonzero((old != new).any(axis=1))
        groups: dict[int, Sums] = {}
        shapes: Shapes = {}
        polarity_shapes: Shapes = {}

        def moved(start: int) -> list[Change]:
            chunk = changed[start : start + CHUNK]
            return list(
                changes_of(
                    [keys[row] for row in chunk],
                    old[chunk],
                    new[chunk],
                    polarities=self.polarities,
                    n_resamples=self.n_resamples,
                    seed=self.seed,
                )
            )

        for changes in in_order(moved, range(0, len(changed), CHUNK)):
            for change in changes:
                add_changes(groups, self._groups, {change.n_responses: change.sums})
                add_changes(shapes, self._shapes, change.shapes)
                add_changes(polarity_shapes, self._polarity_shapes, change.polarity_shapes)
        self._check_not_negative(groups)
        for state in (shapes, polarity_shapes):
            self._check_shapes_not_negative(state)
        self._groups.update(groups)
        self._shapes.update(shapes)
        self._polarity_shapes.update(polarity_shapes)
        self._drop_empty()

    def _check_not_negative(self, groups: dict[int, Sums]) -> None:
        for n_responses, sums in groups.items():
            rest = sums if sums[0, self._columns.stimuli] > 0 else -np.abs(sums)
            column = int(rest.min(axis=0).argmin())
            if rest[:, column].min() < 0:
                raise SumsMismatch(
                    f"The counts given as old were never added: among stimuli with {n_responses} responses the sum of "
                    f"'{self._columns.name(column)}' would not come out. The sums are unchanged; count the study anew."
                )

    def _check_shapes_not_negative(self, shapes: Shapes) -> None:
        for shape, sums in shapes.items():
            rest = sums if sums[0] > 0 else -np.abs(sums)
            if rest.min() < 0:
                raise SumsMismatch(
                    f"The counts given as old were never added: the number of stimuli with counts of {shape} would not "
                    "come out. The sums are unchanged; count the study anew."
                )

    def _drop_empty(self) -> None:
        self._groups = {
            n_responses: sums
            for n_responses, sums in sorted(self._groups.items())
            if sums[0, self._columns.stimuli] > 0
        }
        self._shapes = _kept(self._shapes)
        self._polarity_shapes = _kept(self._polarity_shapes)

    def merge(self, other: "AgreementSums") -> "AgreementSums":
        """New sums of two parts of the data that share no stimulus; neither part changes.

        Order and grouping of the parts do not matter: the result is the same to the last bit.
        Raises SumsMismatch if the two differ in labels, polarities, number of resamples or seed.
        """
        self._check_same_kind(other)
        joined = AgreementSums(self.n_labels, self.polarities, self.n_resamples, self.seed)
        for part in (self, other):
            add_changes(joined._groups, {}, part._groups)
            add_changes(joined._shapes, {}, part._shapes)
            add_changes(joined._polarity_shapes, {}, part._polarity_shapes)
        joined._drop_empty()
        return joined

    def _check_same_kind(self, other: "AgreementSums") -> None:
        for name in ("n_labels", "polarities", "n_resamples", "seed"):
            here, there = getattr(self, name), getattr(other, name)
            if here != there:
                raise SumsMismatch(
                    f"These sums do not belong together: {name} is {here!r} in one and {there!r} in the other."
                )

    # Reading

    @property
    def n_stimuli(self) -> int:
        """Stimuli with at least one response."""
        return sum(int(sums[0, self._columns.stimuli]) for sums in self._groups.values())

    @property
    def n_responses(self) -> int:
        """Responses of all stimuli."""
        return int(self.label_totals.sum())

    @property
    def label_totals(self) -> NDArray[np.int64]:
        """Responses per label: (n_labels,)."""
        totals: NDArray[np.int64] = self.grouped().total(self._columns.labels)[0]
        return totals

    @property
    def polarity_totals(self) -> NDArray[np.int64] | None:
        """Responses per polarity, in the order of POLARITIES: (3,); None if the labels have no polarity."""
        return None if self.polarities is None else self.label_totals @ polarity_matrix(self.polarities)

    @property
    def stimuli_by_responses(self) -> dict[int, int]:
        """How many stimuli have how many responses: {number of responses: stimuli}, ascending, from 1."""
        return {n: int(sums[0, self._columns.stimuli]) for n, sums in self._groups.items()}

    def majority_label_totals(self) -> NDArray[np.int64]:
        """Stimuli per rule (order of MAJORITY_RULES) and majority label: (n_rules, n_labels)."""
        totals: NDArray[np.int64] = self.grouped().total(self._columns.majority_labels)[0]
        return totals.reshape(-1, self.n_labels)

    def grouped(self, min_responses: int = 1) -> GroupedSums:
        """The sums as the formulas read them, of stimuli with at least `min_responses` responses. Not a copy."""
        return GroupedSums(
            self._columns, self.polarities, self.n_resamples, self._groups, self._shapes, self._polarity_shapes
        ).with_responses(min_responses)

    def estimates(self, *, min_responses: int = 1, label_names: Sequence[str] | None = None) -> dict[str, Estimate]:
        """Every figure of `STATISTICS` with its interval.

        min_responses: leave out stimuli with fewer responses. While a study runs, a stimulus with one response has a
            majority under every rule; 5 is the least that ArtEmis accepted.
        label_names: how members of families are called, e.g. 'label_share.awe'; by default the label's index.
        """
        names = [str(label) for label in range(self.n_labels)] if label_names is None else label_names
        if len(names) != self.n_labels or len(set(names)) != len(names):
            raise ValueError(f"{self.n_labels} different label names are needed; got {list(names)}.")
        return all_estimates(self.grouped(min_responses), names)

    def equal_to(self, other: "AgreementSums") -> list[str]:
        """What differs from other sums, a sentence each; empty if nothing does."""
        try:
            self._check_same_kind(other)
        except SumsMismatch as mismatch:
            return [str(mismatch)]
        empty = np.zeros((1 + self.n_resamples, self._columns.total), dtype=np.int64)
        differences = []
        for n_responses in sorted(self._groups.keys() | other._groups.keys()):
            here = self._groups.get(n_responses, empty)
            there = other._groups.get(n_responses, empty)
            differs = here != there
            for column in np.flatnonzero(differs.any(axis=0)):
                differences.append(
                    f"Stimuli with {n_responses} responses, {self._columns.name(int(column))}: "
                    f"{here[0, column]} here, {there[0, column]} there; "
                    f"{int(differs[1:, column].sum())} of {self.n_resamples} resamples differ."
                )
        return [
            *differences,
            *self._differing_shapes("labels", self._shapes, other._shapes),
            *self._differing_shapes("polarities", self._polarity_shapes, other._polarity_shapes),
        ]

    def _differing_shapes(self, what: str, here: Shapes, there: Shapes) -> Iterator[str]:
        nothing = np.zeros(1 + self.n_resamples, dtype=np.int64)
        for shape in sorted(here.keys() | there.keys()):
            ours, theirs = here.get(shape, nothing), there.get(shape, nothing)
            if (ours != theirs).any():
                yield (
                    f"Stimuli whose {what} count {shape}: {ours[0]} here, {theirs[0]} there; "
                    f"{int((ours != theirs)[1:].sum())} of {self.n_resamples} resamples differ."
                )

    # Keeping

    def to_bytes(self) -> bytes:
        """The state as bytes (sums_as_bytes.py). Equal sums give equal bytes."""
        return to_bytes(
            StoredSums(
                self.n_labels,
                self.polarities,
                self.n_resamples,
                self.seed,
                self._groups,
                self._shapes,
                self._polarity_shapes,
            )
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> "AgreementSums":
        """Reads what `to_bytes` wrote.

        Raises SumsMismatch if the bytes are something else, damaged, or of another format.
        """
        stored = from_bytes(content)
        sums = cls(stored.n_labels, stored.polarities, stored.n_resamples, stored.seed)
        sums._groups, sums._shapes, sums._polarity_shapes = stored.groups, stored.shapes, stored.polarity_shapes
        return sums


def _kept(shapes: Shapes) -> Shapes:
    return {shape: stimuli for shape, stimuli in sorted(shapes.items()) if stimuli[0] > 0}
