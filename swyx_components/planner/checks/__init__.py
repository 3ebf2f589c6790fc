"""What is worth saying about a planned site."""
