"""A session that is to start later: what it is, what may become of it, and what a wake-up makes of it."""
