"""The images: their Dockerfile, and what runs while they are built and in them."""
