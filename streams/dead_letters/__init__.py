"""Dead letters after they were written: listing, replaying and expiring them."""
