"""Tell operators what goes wrong, once: states of things that can fail, messages, and the channels that deliver them."""
