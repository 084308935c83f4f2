"""WHAT A DECISION COSTS on a chip: counts from recorded activity, priced by a hardware profile."""
