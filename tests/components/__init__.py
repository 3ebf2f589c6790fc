"""Components under Pulumi's mocks: every registration recorded, compared as whole lists."""
