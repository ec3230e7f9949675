"""Weather: hours of grid cells (Open-Meteo) and days of stations (Météo-France)."""
