"""XDM, whoever needs it: paths of fields, resolved schemas, CSV templates."""
