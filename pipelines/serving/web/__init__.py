"""The review pages: server-rendered, read-only, without JavaScript."""
