"""`python -m reproduction VERB ...`: the headless verbs on a machine without Qt."""

from reproduction.cli import main
from reproduction.stopping import end_with

end_with(main)
