"""``python -m neuro_aolo`` and ``neuro-aolo``: the command line."""

import sys


def main() -> None:
    """Run the command line; an interrupt while its parts are still being imported ends it quietly, too."""
    try:
        from neuro_aolo.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
