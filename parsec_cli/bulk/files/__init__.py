"""Read an operator's file into rows."""
