"""XDM: paths of fields, resolved schemas, CSV templates."""
