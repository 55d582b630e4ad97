"""One module a headless verb of the `alexnet` command; `reproduction.cli` imports the one that was asked for."""
