"""``python -m conncore``, where the command is not on the path."""

from conncore.cli import main

if __name__ == "__main__":
    main()
