"""Wrote `archive-1.0.h5.gz`: the small run of `sample_archives.py` in format version 1.0.

Kept for the record. The stored file is the truth: it stays as it is when writers change, so that today's
reader is tested on what version 1.0 really wrote.

    PYTHONPATH=.:tests python tests/golden/write_archive_1_0.py
"""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

from sample_archives import small_run

from archive import write_archive

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.h5"
        write_archive(path, small_run())
        golden = Path(__file__).parent / "archive-1.0.h5.gz"
        golden.write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
        print(f"{golden.name}: {golden.stat().st_size} bytes")
