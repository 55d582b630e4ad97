"""Pictures: packed data files, what fills them, crops, flips and colour noise."""
