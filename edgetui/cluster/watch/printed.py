"""The partition of a kind whose rows the server prints, namespace by namespace."""

from __future__ import annotations

from edgetui.cluster.watch.partition import Partition
from edgetui.cluster.watch.table import Printer

TABLES = Partition(each=True, tables=Printer)
