"""The socket: one process, one event loop, keep-alive HTTP/1.1."""
