"""What readers open, and what asks for a re-plan."""
