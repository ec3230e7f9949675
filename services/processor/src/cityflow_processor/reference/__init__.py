"""Reference datasets: polygons and loop geometry, in versions dated by receipt."""
