"""The frozen data format, the contract between the apps. Plain Python and Arrow; imports nothing else of ours.

Start reading at `schema.py` (what a snapshot holds), then `writer.py` and `reader.py`.
"""

from snapshots.arrow_alone import keep_pandas_out

keep_pandas_out()
