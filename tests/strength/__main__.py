"""See :mod:`tests.strength.measure`."""

from tests.strength.measure import main

if __name__ == "__main__":
    main()
