"""The door: extracts enter here, held to their contracts, and nothing is lost."""
