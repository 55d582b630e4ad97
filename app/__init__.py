"""The desktop museum: PySide6; never torch."""
