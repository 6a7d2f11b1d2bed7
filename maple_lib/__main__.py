"""``python -m maple_lib``: the command line, for launchers that start modules."""

from maple_lib.cli.main import main

if __name__ == "__main__":
    main()
