"""``callsift trial``."""
