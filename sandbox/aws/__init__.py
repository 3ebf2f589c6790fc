"""AWS, offline: moto made as strict as EC2, the stand-in provider, the estate of a site."""
