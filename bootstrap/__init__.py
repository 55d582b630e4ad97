"""What `run.py` does before anything is installed: the standard library alone, no import of other rooms."""
