"""The hinge: frozen graphs of a trained actor, their simulators, and the formats they are written in."""
