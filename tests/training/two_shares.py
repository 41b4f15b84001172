"""One of several processes of a run, started as torchrun starts them: python -m tests.training.two_shares FOLDER

Leaves in FOLDER what this process ended with, as <rank>.safetensors.
"""

import sys
from pathlib import Path

import torch

from svc_core.model.checkpoint import save_tensors
from svc_core.training.objectives import DenoiserObjective
from svc_core.training.processes import Processes
from svc_core.training.trainer import Trainer, TrainingError
from tests.model.clips import random_model, small_config
from tests.training.runs import small_crops, with_optimiser

STEPS = 5
CONFIG = with_optimiser(small_config(draft="none", decoder_sees="conditions"), checkpoint_every=3)


class PoisonedObjective(DenoiserObjective):
    """On the second process the loss is no number."""

    def forward(self, batch):
        return super().forward(batch) * (float("nan") if Processes().rank == 1 else 1.0)


def main(folder: Path) -> None:
    processes = Processes()
    crops = small_crops(CONFIG.train, processes.rank, processes.count)
    objective = DenoiserObjective(random_model(CONFIG))
    trainer = Trainer(objective, CONFIG.train, STEPS, folder / "state.safetensors", {}, processes)

    def on_checkpoint() -> dict[str, float]:
        (folder / f"checkpoint of {processes.rank} at {trainer.step}").touch()
        return {}

    trainer.fit(crops.draw, on_checkpoint=on_checkpoint)
    average = trainer.take_average()
    trainer.put_back(trainer.average)
    tensors = {f"average/{name}": tensor for name, tensor in average.items()}
    resumed = Trainer(
        DenoiserObjective(random_model(CONFIG)), CONFIG.train, STEPS, folder / "state.safetensors", {}, processes
    )
    resumed.resume()
    tensors |= {f"weight/{name}": tensor for name, tensor in resumed.objective.state_dict().items()}
    tensors["mean of ranks"] = torch.tensor(processes.mean(float(processes.rank)))
    poisoned = Trainer(PoisonedObjective(random_model(CONFIG)), CONFIG.train, STEPS, folder / "none", {}, processes)
    stopped = ""
    try:
        poisoned.advance(crops.draw(0))
    except TrainingError as error:
        stopped = str(error)
    save_tensors(folder / f"{processes.rank}.safetensors", tensors, {"stopped": stopped})
    processes.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
