"""See :mod:`tests.hostile.run`."""

from tests.hostile.cli import main

if __name__ == "__main__":
    main()
