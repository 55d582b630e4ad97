"""Times of this program beside stock PyTorch, in one process and in turn: what `alexnet bench` measures."""
