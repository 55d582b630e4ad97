"""`python -m app VERB ...` is the `alexnet` command."""

from app.command import command

command()
