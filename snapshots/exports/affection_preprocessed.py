"""The columns of Affection's public preprocessed file: the raw ones, and the texts as networks read them.

Source: Affection's release, raw columns and `utterance_spelled, tokens, tokens_len, tokens_encoded, split`.
Lists are JSON (which Python's `ast.literal_eval` reads as well). `tokens_encoded` holds numbers of the
vocabulary of the training split, from <sos> to <eos>, not padded; see `cleaning.Vocabulary`.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from snapshots.cleaning import EnglishSpelling, Vocabulary, spelled_tokens
from snapshots.exports.affection_raw import RAW_SCHEMA, emotion_and_text_steps, raw_batches
from snapshots.exports.csv import write_cells
from snapshots.exports.flat import Progress, no_progress
from snapshots.reader import Snapshot
from snapshots.split import split_of

PREPROCESSED_SCHEMA = pa.schema(
    [
        *RAW_SCHEMA,
        ("utterance_spelled", pa.string()),
        ("tokens", pa.string()),
        ("tokens_len", pa.int32()),
        ("tokens_encoded", pa.string()),
        ("split", pa.string()),
    ]
)


def write_affection_preprocessed(snapshot: Snapshot, out: BinaryIO, progress: Progress = no_progress) -> None:
    """All accepted responses, none filtered by length. Reads them twice: for the vocabulary, then to write.

    Spelling is corrected where the response's language is English or unknown.
    Raises ExportImpossible if the study has no choice step with a label set, or no text step.
    """
    spelling = EnglishSpelling()
    total = 2 * snapshot.n_responses
    vocabulary = train_vocabulary(snapshot, spelling, progress=lambda done, _: progress(done, total))
    batches = _batches(snapshot, spelling, vocabulary, lambda done, half: progress(half + done, total))
    write_cells(batches, PREPROCESSED_SCHEMA, out)


def train_vocabulary(
    snapshot: Snapshot, spelling: EnglishSpelling, *, min_count: int = 5, progress: Progress = no_progress
) -> Vocabulary:
    """The words that the accepted texts of the training split hold at least `min_count` times."""
    _, text_step = emotion_and_text_steps(snapshot)
    counts: Counter[str] = Counter()
    done, total = 0, snapshot.n_responses
    for batch in snapshot.responses(["stimulus_key", "language", text_step], accepted_only=True):
        keys, languages, texts = (column.to_pylist() for column in batch.columns)
        for key, language, text in zip(keys, languages, texts, strict=True):
            if split_of(key) == "train":
                counts.update(spelled_tokens(text or "", language, spelling))
        done += batch.num_rows
        progress(done, total)
    return Vocabulary.from_counts(counts, min_count=min_count)


def _batches(
    snapshot: Snapshot, spelling: EnglishSpelling, vocabulary: Vocabulary, progress: Progress
) -> Iterator[pa.RecordBatch]:
    for batch in raw_batches(snapshot, progress, ("stimulus_key", "language")):
        # An eighth of a chunk at a time: the lists of tokens are much larger in Python than in the file.
        for start in range(0, batch.num_rows, 8_192):
            yield _with_tokens(batch.slice(start, 8_192), spelling, vocabulary)


def _with_tokens(batch: pa.RecordBatch, spelling: EnglishSpelling, vocabulary: Vocabulary) -> pa.RecordBatch:
    texts = batch.column("utterance").to_pylist()
    languages = batch.column("language").to_pylist()
    tokens = [spelled_tokens(text or "", language, spelling) for text, language in zip(texts, languages, strict=True)]
    further = [
        pa.array([" ".join(words) for words in tokens], pa.string()),
        pa.array([json.dumps(words, ensure_ascii=False) for words in tokens], pa.string()),
        pa.array([len(words) for words in tokens], pa.int32()),
        pa.array([json.dumps(vocabulary.encode(words)) for words in tokens], pa.string()),
        pa.array([split_of(key) for key in batch.column("stimulus_key").to_pylist()], pa.string()),
    ]
    return pa.RecordBatch.from_arrays([*batch.columns[: len(RAW_SCHEMA)], *further], schema=PREPROCESSED_SCHEMA)
