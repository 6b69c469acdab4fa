"""The emulated services, one folder each; `services.registry` lists them."""
