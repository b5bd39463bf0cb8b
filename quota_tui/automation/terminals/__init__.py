"""Ways of opening a terminal in which the client runs, one module each."""
