"""The desktop museum: PySide6 and pyqtgraph; never torch."""
