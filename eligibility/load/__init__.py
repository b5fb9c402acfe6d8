"""Programme files (``packs/*/programmes/*.yml``) compiled into the model; every fault is a PackError with its line."""

from eligibility.load.programmes import load_programmes

__all__ = ["load_programmes"]
