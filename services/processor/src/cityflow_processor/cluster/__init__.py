"""`ENGINE=dask`: units are computed by the workers of a Dask cluster."""
