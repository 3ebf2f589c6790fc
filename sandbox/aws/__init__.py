"""AWS, offline: moto behind a layer that is as strict as EC2, the stand-in provider, and the estate
of a site.
"""
