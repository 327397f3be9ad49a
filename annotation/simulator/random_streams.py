"""A stream of random numbers for each thing that is drawn, found by its name and not by the order of calls."""

import hashlib

import numpy as np


def stream(*names: str | int) -> np.random.Generator:
    """The generator that belongs to these names: same names, same numbers, in any order of calls, on any machine.

    A killed simulation can therefore go on where it stopped and end with the same data as one that was never killed.
    """
    # Lengths are hashed too, or ("ab", "c") and ("a", "bc") would share their numbers.
    text = "".join(f"{len(str(name))}:{name}" for name in names)
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))
