"""The `aop` command: parse, call one use case, print."""
