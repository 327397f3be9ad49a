"""Endpoints of what people share, and of the networks, below /api/v1/."""

from analysis.api.network_urls import urlpatterns as network_urlpatterns

urlpatterns = [
    *network_urlpatterns,
]
