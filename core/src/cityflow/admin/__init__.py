"""Looking after a store: moving, saving, checking, making anew and clearing out what it holds."""
