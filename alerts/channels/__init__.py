"""The ways to deliver messages to operators: a command, a feed, notification URLs, and the ping of each round."""
