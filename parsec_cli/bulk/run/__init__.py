"""Send a plan: paced, recorded and resumable."""
