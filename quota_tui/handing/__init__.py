"""Planning the next session: what is known, gathered for a proposal, and what the plan form asks for."""
