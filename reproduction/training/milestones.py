"""When a run is tested and when its first layers are kept: functions of the position alone.

So a run that was killed and resumed tests and keeps exactly what an uninterrupted one does.
"""

from __future__ import annotations

EARLY_FRACTIONS = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
# (up to this epoch, one every so many epochs): dense while filters form, 57 in a thousand epochs.
SPACING = ((10, 1), (20, 2), (100, 5), (200, 10), (500, 50))
LAST_SPACING = 100


def snapshot_due(epoch: int, batch: int, batches: int) -> bool:
    """Whether the first layers are kept at this position, in epochs of `batches` minibatches.

    At the start; after 1/16, 1/8, 1/4 and 1/2 of the first epoch; after every epoch up to 10, every 2nd up to
    20, every 5th up to 100, every 10th up to 200, every 50th up to 500, then every 100th. (And at the end.)
    """
    if epoch == 0:
        return batch in {0} | {round(part * batches) for part in EARLY_FRACTIONS}
    spacing = next((every for last, every in SPACING if epoch <= last), LAST_SPACING)
    return batch == 0 and epoch % spacing == 0


def test_due(epoch: int, batch: int, batches: int, every_epochs: float) -> bool:
    """Whether a test is due at this position: every `every_epochs` epochs, to the nearest minibatch."""
    done = epoch * batches + batch
    every = max(1, round(every_epochs * batches))
    return done > 0 and done % every == 0
