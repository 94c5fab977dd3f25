"""The data resources, each family in a module; a request inside a composite comes here as well."""
