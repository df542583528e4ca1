"""The images, tried without Docker: each is filled by the Dockerfile's own commands, and its worker is started."""
