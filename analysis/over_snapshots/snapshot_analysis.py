"""What an analysis over a frozen study is: a name, its definition, its options, and a function of a snapshot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from annotation.errors import InvalidInput
from snapshots.reader import Snapshot

if TYPE_CHECKING:
    from analysis.over_snapshots.parts import Parts

#: (done, total, what is being done); raises JobCancelled where the job was cancelled, so it is called often
Progress = Callable[[int, int, str], None]


def no_progress(done: int, total: int, message: str) -> None:
    pass


@dataclass(frozen=True)
class SnapshotAnalysis:
    """An analysis that does not follow each change: it runs over a snapshot, in a job or by command.

    run(snapshot, options, progress) returns what JSON can hold: plain dicts, lists, strings, finite numbers, None. It
    depends on the snapshot and the options alone, so that it can be repeated; a seed is an option called "seed".
    """

    name: str
    title: str
    #: what is computed, in a sentence or two, for whoever reads the result
    definition: str
    #: paper, section or package whose definition it is
    source: str
    run: Callable[[Snapshot, dict[str, Any], Progress], dict[str, Any]]
    #: every option with its default; None where an option may be missing
    defaults: Mapping[str, Any] = field(default_factory=dict)
    #: where it can be shared between workers: parts.py; `run` then is `parts.run_alone`
    parts: "Parts | None" = None

    def options_with_defaults(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Raises InvalidInput for an option that there is not, or of another type than its default."""
        for name, value in given.items():
            if name not in self.defaults:
                known = ", ".join(sorted(self.defaults)) or "none"
                raise InvalidInput(f"{self.name} has no option {name!r}; it has: {known}. Nothing was computed.")
            default = self.defaults[name]
            fits = (
                default is None or isinstance(value, type(default)) or (type(default) is float and type(value) is int)
            )
            if not fits or (isinstance(value, bool) and not isinstance(default, bool | None)):
                raise InvalidInput(
                    f"{self.name}: {name} must be like {default!r}, not {value!r}. Nothing was computed."
                )
        return {**self.defaults, **given}
