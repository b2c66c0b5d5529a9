"""Published plan versions as rows."""
