"""How each kind of source is asked, without asking it: requests and the reading of answers."""
