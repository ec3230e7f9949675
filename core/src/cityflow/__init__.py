"""What all CityFlow services agree on: calendar, settings, contracts, storage."""
