"""`python -m reproduction VERB ...`: the headless verbs on a machine without Qt."""

import sys

from reproduction.cli import main

sys.exit(main())
