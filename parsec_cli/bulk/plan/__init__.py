"""Compare wanted users with actual ones."""
