"""`python -m reconcile` is the command `trueup`."""

from .cli import main

if __name__ == "__main__":
    main()
