"""One module a headless verb of `alexnet`; `reproduction.cli` imports the one that was asked for."""
