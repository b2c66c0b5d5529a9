"""Keys and tags of what a night ends with, for those that load nothing before it."""

import dagster as dg

COPY = dg.AssetKey(["serving", "aop"])
SIGNAL = dg.AssetKey(["serving", "drift_signal"])
REVIEWS = dg.AssetKey(["packs", "reviews"])
PROPOSAL = dg.AssetKey(["planning", "proposal"])
LAST_NIGHT = dg.AssetKey(["serving", "last_night"])

BREACH_TAG = "aop/breach"
"""Tag of a run that answers one breach: its key."""

QUIET = {"aop/night": "quiet"}
"""Tag of a run that leaves the tables standing: nothing can have changed."""
