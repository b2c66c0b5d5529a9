"""A seeded company whose extracts and whose truth are both known."""
