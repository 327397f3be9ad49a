"""Our processes do not load pandas because it happens to be installed."""

import subprocess
import sys

import pytest

ASKED = """
import sys
import snapshots
import pyarrow as pa
column = pa.array(["a", None])
assert "pandas" not in sys.modules
print(column.to_pandas().tolist())
"""


def test_an_array_of_a_list_does_not_load_pandas_and_to_pandas_still_works() -> None:
    pytest.importorskip("pandas", reason="pandas is not installed, so nothing could load it")
    done = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("['a', None]", "['a', nan]")
