"""Road works: what stands on the road on a day, what it leaves of the traffic, what it is near."""
