"""`python -m reproduction.service`."""

from __future__ import annotations

import sys

from reproduction.service.server import main

if __name__ == "__main__":
    sys.exit(main())
