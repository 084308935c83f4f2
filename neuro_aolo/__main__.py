"""``python -m neuro_aolo``: the command line."""

from neuro_aolo.cli import main

main()
