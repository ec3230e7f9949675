"""The part of ODSQL that data pipelines use; anything else is refused, as the original would."""
