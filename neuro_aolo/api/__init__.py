"""What the public names of ``neuro_aolo`` do: each is imported from there."""
