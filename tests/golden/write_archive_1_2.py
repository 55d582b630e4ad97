"""Wrote `archive-1.2.h5.gz`: the small run with activations, of `sample_archives.py`, in format version 1.2.

Kept for the record, as `write_archive_1_0.py` is: the stored file is the truth.

    PYTHONPATH=.:tests python tests/golden/write_archive_1_2.py
"""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

from sample_archives import small_activations, small_run

from archive import write_archive

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.h5"
        run = small_run()
        run.activations = small_activations()
        write_archive(path, run)
        golden = Path(__file__).parent / "archive-1.2.h5.gz"
        golden.write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
        print(f"{golden.name}: {golden.stat().st_size} bytes")
