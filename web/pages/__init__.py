"""The screens, one module per audience."""
