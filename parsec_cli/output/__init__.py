"""Draw: the only room that imports rich."""
