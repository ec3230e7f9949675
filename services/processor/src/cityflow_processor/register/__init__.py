"""The register of anomalous ranges: kept in the database, an input of the filtered views."""
