"""The sums of a study as bytes to be stored, and back: an npz file without pickle. Equal sums give equal bytes.

Resamples are kept as differences from the data, which are small numbers, in the narrowest integers that hold them all.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.contributions import Columns
from analysis.statistics.patterns import as_label_shape
from analysis.statistics.polarity import as_polarities
from analysis.statistics.sum_changes import Shapes, Sums

#: Changes whenever a column's meaning does; older bytes are then refused, and the study is counted anew.
FORMAT = 2


class SumsMismatch(ValueError):
    """Sums that cannot be joined, read or changed as asked; the message says why. The state is as it was before."""


@dataclass
class StoredSums:
    """What is stored of `AgreementSums`; the fields mean what they mean there."""

    n_labels: int
    polarities: Sequence[str | None] | None
    n_resamples: int
    seed: int
    groups: dict[int, Sums] = field(default_factory=dict)
    shapes: Shapes = field(default_factory=dict)
    polarity_shapes: Shapes = field(default_factory=dict)


def to_bytes(sums: StoredSums) -> bytes:
    """The bytes of these sums."""
    kind = {
        "format": FORMAT,
        "n_labels": sums.n_labels,
        "polarities": sums.polarities,
        "n_resamples": sums.n_resamples,
        "seed": str(sums.seed),  # may be larger than what other readers of JSON take
    }
    shape = (len(sums.groups), 1 + sums.n_resamples, Columns(sums.n_labels).total)
    stacked = np.array(list(sums.groups.values()), dtype=np.int64).reshape(shape)
    arrays = {
        "kind": np.frombuffer(json.dumps(kind, sort_keys=True).encode(), dtype=np.uint8),
        "n_responses": np.array(list(sums.groups), dtype="<i8"),
        "data": stacked[:, 0, :].astype("<i8"),
        "resamples": _narrowed(stacked[:, 1:, :] - stacked[:, :1, :]),
        **_shape_arrays("shapes", sums.shapes, sums.n_labels, sums.n_resamples),
        **_shape_arrays("polarity_shapes", sums.polarity_shapes, 3, sums.n_resamples),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            stream = io.BytesIO()
            np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
            # ZipInfo carries a fixed date, so that equal sums give equal bytes; the quickest level takes a third of
            # the usual one's time
            member = zipfile.ZipInfo(f"{name}.npy")
            archive.writestr(member, stream.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=1)
    return buffer.getvalue()


def from_bytes(content: bytes) -> StoredSums:
    """Reads what `to_bytes` wrote.

    Raises SumsMismatch if the bytes are something else, damaged, or of another format.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            kind = json.loads(arrays["kind"].tobytes())
            if kind["format"] != FORMAT:
                raise SumsMismatch(
                    f"These sums have format {kind['format']}, this version reads {FORMAT}; count the study anew."
                )
            if kind["n_labels"] < 1 or kind["n_resamples"] < 0:
                raise ValueError(f"{kind['n_labels']} labels and {kind['n_resamples']} resamples")
            polarities = as_polarities(kind["polarities"], kind["n_labels"])
            sums = StoredSums(kind["n_labels"], polarities, kind["n_resamples"], int(kind["seed"]))
            stacked = _whole(arrays["data"], arrays["resamples"])
            if stacked.shape[1:] != (1 + sums.n_resamples, Columns(sums.n_labels).total):
                raise ValueError(f"sums of shape {stacked.shape}")
            for n_responses, group in zip(arrays["n_responses"].tolist(), stacked, strict=True):
                sums.groups[n_responses] = group.copy()
            for name, shapes in (("shapes", sums.shapes), ("polarity_shapes", sums.polarity_shapes)):
                numbers = _whole(arrays[f"{name}_data"], arrays[f"{name}_resamples"])
                if numbers.shape[1:] != (1 + sums.n_resamples,):
                    raise ValueError(f"{name} of shape {numbers.shape}")
                for row, stimuli in zip(arrays[name].astype(np.int64), numbers, strict=True):
                    shape = as_label_shape(row) if name == "shapes" else tuple(row.tolist())
                    shapes[shape] = stimuli.copy()
    except SumsMismatch:
        raise
    except (
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        EOFError,
        OSError,
        zlib.error,
        zipfile.BadZipFile,
    ) as problem:
        raise SumsMismatch(
            f"These {len(content)} bytes are no agreement sums ({problem}); count the study anew."
        ) from problem
    return sums


def _shape_arrays(name: str, shapes: Shapes, width: int, n_resamples: int) -> dict[str, NDArray[np.signedinteger]]:
    rows = np.zeros((len(shapes), width), dtype=np.int64)
    for index, shape in enumerate(shapes):
        rows[index, : len(shape)] = shape
    stacked = np.array(list(shapes.values()), dtype=np.int64).reshape(len(shapes), 1 + n_resamples)
    return {
        name: rows.astype("<i8"),
        f"{name}_data": stacked[:, 0].astype("<i8"),
        f"{name}_resamples": _narrowed(stacked[:, 1:] - stacked[:, :1]),
    }


def _whole(data: NDArray[np.signedinteger], resamples: NDArray[np.signedinteger]) -> Sums:
    """Data and differences from it, back together along the second axis."""
    first = data.astype(np.int64)[:, np.newaxis]
    return np.concatenate([first, resamples.astype(np.int64) + first], axis=1)


def _narrowed(array: Sums) -> NDArray[np.signedinteger]:
    """The same numbers in the narrowest signed integers that hold them all."""
    largest = int(np.abs(array).max(initial=0))
    for dtype in ("<i1", "<i2", "<i4"):
        if largest <= np.iinfo(dtype).max:
            return array.astype(dtype)
    return array.astype("<i8")
