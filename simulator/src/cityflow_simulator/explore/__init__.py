"""The Opendatasoft Explore interface, version 2.1, over any published datasets."""
