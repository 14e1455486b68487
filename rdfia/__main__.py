"""`python -m rdfia` is the command `rdfia`."""

from rdfia.cli import main

main()
