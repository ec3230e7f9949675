"""What the road counts tell beyond their sums: health of the loops, congestion, repairs."""
