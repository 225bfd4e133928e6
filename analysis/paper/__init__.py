"""The MarketBench study [MB] from nothing: its tables and figures, each number beside the published one."""
