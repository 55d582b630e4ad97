"""Measures of what a network has learned: numpy alone."""
