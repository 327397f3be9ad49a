"""Pages of what people share, and of the networks that learn from them."""

from analysis.network_urls import urlpatterns as network_urlpatterns

urlpatterns = [
    *network_urlpatterns,
]
