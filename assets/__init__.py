"""What is shipped that is not code: networks, archives, labels, pictures, icons."""
