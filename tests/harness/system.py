"""System tests (written when there is a system to boot)."""


def jobs(out):
    return []
