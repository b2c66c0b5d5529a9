"""Live systems read through their APIs; what they give enters by landing."""
