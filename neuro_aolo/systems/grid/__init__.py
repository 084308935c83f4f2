"""Carbon intensity of electricity: by country, and hour by hour."""
