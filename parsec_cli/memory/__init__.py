"""What the tool remembers: history, user index, TAB words."""
