"""The few widgets that several rooms share."""
