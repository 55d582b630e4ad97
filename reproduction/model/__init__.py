"""From a `Network` to a torch module that computes what the original computed."""
