"""What is personal in Turkish conversations."""
