"""``python -m neuro_aolo`` and ``neuro-aolo``: the command line."""

import sys

from neuro_aolo import interrupt


def main() -> None:
    """Run the command line; an interrupt while its parts are still being imported is one line, too."""
    try:
        if sys.argv[1:] == ["--version"]:
            # Its line needs none of the commands.
            from neuro_aolo.cli.version import version_line

            print(version_line())
            return
        from neuro_aolo.cli.app import main as run

        run()
    except KeyboardInterrupt:
        interrupt.say()
        sys.exit(interrupt.exit_code())


if __name__ == "__main__":
    main()
