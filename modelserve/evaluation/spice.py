"""Source: Anderson et al. (2016), SPICE 1.0, by its own Java program; needs it and Stanford CoreNLP (java_parts.py)."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from modelserve.evaluation.captions import Captions
from modelserve.evaluation.java_parts import JavaPartMissing, java, toolkit_file
from modelserve.evaluation.resampling import Array, Estimate, estimate, weighted_mean

SECONDS_AT_MOST = 7200
CORENLP = ("stanford-corenlp-3.6.0.jar", "stanford-corenlp-3.6.0-models.jar")
HOW_TO_ADD_CORENLP = (
    "SPICE also needs Stanford CoreNLP 3.6.0: put {names} from its public download into {folder}, then evaluate again."
)


def spice(captions: Captions, seed: int = 0) -> Estimate:
    """Mean over captions of the F-measure over what is said of the scene: things, attributes, relations; 0 to 1.

    Raises JavaPartMissing where Java, the program or Stanford CoreNLP is absent.
    """
    return estimate(weighted_mean(spice_scores(captions)), captions.resampling(seed))


def spice_scores(captions: Captions) -> Array:
    """(n,) of each caption. Raises JavaPartMissing."""
    program = toolkit_file("spice/spice-1.0.jar")
    missing = [name for name in CORENLP if not (program.parent / "lib" / name).is_file()]
    if missing:
        folder = program.parent / "lib"
        raise JavaPartMissing(HOW_TO_ADD_CORENLP.format(names=" and ".join(missing), folder=folder))
    texts = [
        {"image_id": row, "test": " ".join(tokens), "refs": [" ".join(reference) for reference in references]}
        for row, (tokens, references) in enumerate(zip(captions.candidates, captions.references, strict=True))
    ]
    with tempfile.TemporaryDirectory(prefix="commonground-spice-") as scratch:
        given, found = Path(scratch) / "given.json", Path(scratch) / "found.json"
        given.write_text(json.dumps(texts), encoding="utf-8")
        command = [java(), "-Xmx8G", "-jar", str(program), str(given), "-out", str(found), "-subset", "-silent"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, cwd=program.parent, timeout=SECONDS_AT_MOST, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise JavaPartMissing(f"SPICE's program did not run: {problem}.") from problem
        if done.returncode or not found.exists():
            raise JavaPartMissing(
                f"SPICE's program ended with {done.returncode}: {done.stderr.strip()[-300:] or 'no message'}. It needs "
                "8 GB of memory."
            )
        return read_spice(found.read_text(encoding="utf-8"), len(texts))


def read_spice(text: str, n_captions: int) -> Array:
    """(n,) the overall F-measures from the program's JSON; nan (nothing said on either side) counts 0.

    Raises JavaPartMissing where captions are missing in it.
    """
    scores = np.full(n_captions, np.nan)
    seen = 0
    for item in json.loads(text):
        scores[int(item["image_id"])] = float(item["scores"]["All"]["f"])
        seen += 1
    if seen != n_captions:
        raise JavaPartMissing(f"SPICE's program scored {seen} of {n_captions} captions; evaluate again.")
    scores[np.isnan(scores)] = 0.0
    return scores
