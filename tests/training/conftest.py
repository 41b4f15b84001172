"""Everything here runs on the CPU: there, and there alone, a resumed run ends at the same bits."""

import pytest
import torch


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
