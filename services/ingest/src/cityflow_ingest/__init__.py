"""Sources to raw: recognises, archives and receipts what arrives."""
