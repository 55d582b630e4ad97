"""The update rule, the schedule, the training loop and the error rates."""
