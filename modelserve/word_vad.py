"""Valence, arousal and dominance of words, from a lexicon that somebody puts on the server. Without Django."""

import csv
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from modelserve.errors import BadTrainingOption

# ours, and the names in the public file of Warriner, Kuperman and Brysbaert (2013), Behavior Research Methods 45
COLUMNS = (
    ("word", "valence", "arousal", "dominance"),
    ("Word", "V.Mean.Sum", "A.Mean.Sum", "D.Mean.Sum"),
)


def vad_of_words(words: Sequence[str], lexicon: Path) -> Tensor:
    """(V, 3), each scaled so that the lexicon's range is -1..1; 0, 0, 0 where it lacks the word.

    Raises BadTrainingOption where the file cannot be read, its columns are missing or no word of ours is in it.
    """
    try:
        with lexicon.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            names = next((names for names in COLUMNS if set(names) <= set(reader.fieldnames or ())), None)
            if names is None:
                raise BadTrainingOption(
                    f"vad_lexicon: {lexicon} has the columns {', '.join(reader.fieldnames or ['(none)'])}; needed are "
                    f"{', '.join(COLUMNS[0])}. Nothing was trained."
                )
            rated = {row[names[0]].strip().lower(): [float(row[name]) for name in names[1:]] for row in reader}
    except (OSError, UnicodeDecodeError, ValueError, TypeError, AttributeError, csv.Error) as error:
        raise BadTrainingOption(f"vad_lexicon: {lexicon} cannot be read: {error}. Nothing was trained.") from error
    known = [row for row, word in enumerate(words) if word in rated]
    if not known:
        raise BadTrainingOption(
            f"vad_lexicon: none of the {len(words)} words that the speaker learns is among the {len(rated)} of "
            f"{lexicon}. Nothing was trained."
        )
    values = torch.tensor(list(rated.values()))  # (L, 3)
    low, high = values.amin(dim=0), values.amax(dim=0)
    table = torch.zeros(len(words), 3)
    ours = torch.tensor([rated[words[row]] for row in known])
    table[known] = 2 * (ours - low) / (high - low).clamp_min(1e-6) - 1
    return table
