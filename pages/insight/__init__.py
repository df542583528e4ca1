"""What calls say together: shares over time, why jobs were lost, and what became of calls."""
