"""Daily flow per arc by a streaming Polars query, as one would write it by hand."""

import resource
import sys

import polars as pl

ARC, TIME, FLOW = "Identifiant arc", "Date et heure de comptage", "Débit horaire"

hour = pl.col(TIME).str.to_datetime("%Y-%m-%dT%H:%M:%S%z", time_zone="Europe/Paris")
daily = (
    pl.scan_csv(sys.argv[1], separator=";", schema_overrides={ARC: pl.String, FLOW: pl.Float64})
    .select(ARC, FLOW, day=(hour - pl.duration(hours=1)).dt.date())
    .group_by(ARC, "day")
    .agg(pl.col(FLOW).sum())
    .collect(engine="streaming")
)

total = int(daily[FLOW].sum())
print(daily.height, total, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
