"""Write and lock the files of this machine, for all rooms."""
