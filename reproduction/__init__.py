"""The 2012 program again: definition language, layers, data, training; headless."""
