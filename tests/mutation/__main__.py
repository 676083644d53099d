"""See :mod:`tests.mutation.measure`."""

from tests.mutation.measure import main

if __name__ == "__main__":
    main()
