"""Source: the Stanford PTB tokeniser as the COCO caption toolkit uses it: lower case, punctuation dropped."""

import subprocess
from collections.abc import Sequence

from modelserve.evaluation.java_parts import JavaPartMissing, java, toolkit_file

SECONDS_AT_MOST = 600
_MARKS = ["''", "'", "``", "`", ".", "?", "!", ",", ":", "-", "--", "...", ";"]
DROPPED = frozenset([*_MARKS, "-LRB-", "-RRB-", "-LCB-", "-RCB-"])


def ptb_tokens(texts: Sequence[str]) -> list[list[str]]:
    """The tokens of each text, as papers report their metrics. Raises JavaPartMissing."""
    if not texts:
        return []
    program = toolkit_file("tokenizer/stanford-corenlp-3.4.1.jar")
    command = [java(), "-cp", str(program), "edu.stanford.nlp.process.PTBTokenizer", "-preserveLines", "-lowerCase"]
    try:
        done = subprocess.run(
            command,
            input="\n".join(" ".join(text.split()) for text in texts) + "\n",
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=SECONDS_AT_MOST,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise JavaPartMissing(f"The PTB tokeniser did not run: {problem}.") from problem
    lines = done.stdout.split("\n")
    if done.returncode or len(lines) < len(texts):
        raise JavaPartMissing(
            f"The PTB tokeniser gave {len(lines)} lines for {len(texts)} texts: {done.stderr.strip()[-300:]}."
        )
    return [[token for token in line.split() if token not in DROPPED] for line in lines[: len(texts)]]
