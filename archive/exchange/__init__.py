"""One file per foreign format: a foreign file and the named arrays it holds."""
