"""The vendor's article as data: roles, listeners, flows, evidence and lines, one YAML file a version."""
