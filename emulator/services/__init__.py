"""The emulated services, one folder each; the tuple `SERVICES` in `services.registry` lists them."""
