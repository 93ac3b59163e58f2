"""Many users at once: read a file, plan, run."""
