"""What made the things in assets/ that were not typed or trained."""
