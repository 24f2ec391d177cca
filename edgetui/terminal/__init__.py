"""How it is drawn: the terminal driver, its life cycle and its link profiles."""
