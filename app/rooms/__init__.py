"""The rooms of the museum, one module each; none knows another."""
