"""`python -m app VERB ...` is the `alexnet` command."""

import sys

from app.command import main

sys.exit(main())
