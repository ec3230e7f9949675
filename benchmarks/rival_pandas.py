"""Daily flow per arc by a pandas loop over chunks, as one would write it by hand."""

import resource
import sys

import pandas as pd

ARC, TIME, FLOW = "Identifiant arc", "Date et heure de comptage", "Débit horaire"

parts = []
for chunk in pd.read_csv(
    sys.argv[1], sep=";", usecols=[ARC, TIME, FLOW], dtype={ARC: str}, chunksize=100_000
):
    hour = pd.to_datetime(chunk[TIME], utc=True) - pd.Timedelta(hours=1)
    chunk["day"] = hour.dt.tz_convert("Europe/Paris").dt.date
    parts.append(chunk.groupby([ARC, "day"])[FLOW].sum(min_count=1))
daily = pd.concat(parts).groupby(level=[0, 1]).sum(min_count=1)

print(len(daily), int(daily.sum()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
