#!/usr/bin/env python3
"""Sets the project up in .venv beside this file, then opens the museum, runs the tests or any `alexnet` verb.

This file stays readable to old Pythons, so that they can say what is missing; the work is in bootstrap/.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the one file that an older Python reads
    sys.exit(
        "run.py: AlexNet Archive needs Python 3.11 or newer, and this is Python " + sys.version.split()[0]
    )

from bootstrap.launch import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
