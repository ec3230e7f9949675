"""The HTTP routes: each reads its parameters, asks `Reading`, and answers with a contract."""
