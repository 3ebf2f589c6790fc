"""Exact interval algebra on ports and address prefixes; a leaf that knows nothing of telephony."""
