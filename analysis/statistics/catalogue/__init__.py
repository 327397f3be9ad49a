"""Every statistic with all its facts in a row: pages, documentation and the API are made from this table."""

from analysis.statistics.catalogue.frozen import FROZEN
from analysis.statistics.catalogue.live import LIVE
from analysis.statistics.catalogue.statistic import Statistic

STATISTICS: tuple[Statistic, ...] = (*LIVE, *FROZEN)

__all__ = ["FROZEN", "LIVE", "STATISTICS", "Statistic"]
