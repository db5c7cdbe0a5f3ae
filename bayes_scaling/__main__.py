"""``python -m bayes_scaling``: the command line, for where its script is not on the path."""

from bayes_scaling.cli import main

if __name__ == "__main__":
    main()
