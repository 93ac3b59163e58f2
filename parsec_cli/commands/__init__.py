"""Parse and delegate: one short function a verb, one file a noun."""
