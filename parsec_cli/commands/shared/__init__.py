"""Rules and readers that several commands share."""
