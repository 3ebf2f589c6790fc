"""Reference pages as Markdown, one module a source: catalogue, messages, command, components, schema."""
