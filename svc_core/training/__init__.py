"""From a corpus to a trained model: batches, losses, and a run that can be stopped and resumed."""
