"""Every stale run, side by side, and what ended well given to DVC.

DVC decides what comes before training and in the end holds every result as if `dvc repro` had made it. In between it
would start a process and import everything anew for each run; here one process imports once and forks for each.
"""
