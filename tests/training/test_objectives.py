"""What draft, teacher and student are trained for: the loss by hand, and which weights it moves."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from torch import nn

from svc_core.config import Config, DistillConfig, EdmConfig, TrainConfig
from svc_core.diffusion.edm import karras_sigmas, precondition
from svc_core.model.conditions import join_inputs, keep_all
from svc_core.training.crops import Batch
from svc_core.training.losses import l1, prior_loss
from svc_core.training.objectives import (
    DenoiserObjective,
    DistillObjective,
    DraftObjective,
    GuidedObjective,
    as_student,
    drop_conditions,
    log_normal_sigma,
    measure_residual_std,
)
from svc_core.training.trainer import Objective, Trainer
from tests.diffusion.gaussian import Gaussian
from tests.model.clips import BANDS, KINDS, LENGTHS, random_clip, random_model, small_config
from tests.training.runs import changed_parts, copied, gradients, ragged_data, small_crops, with_optimiser

DRAFTS = ["convnext", "conformer"]


def distilling(config: Config, loss: str = "l2") -> DistillObjective:
    """A student beside a teacher of the same weights."""
    config = replace(config, distill=replace(config.distill, loss=loss))
    return DistillObjective(random_model(as_student(config)), random_model(config))


def guided_config(**model) -> Config:
    """Weights of content, melody, loudness and singer, all different."""
    return replace(small_config(**model), train=TrainConfig(noise="log-normal", guidance=(1.0, 0.5, 0.0, 2.0)))


def learning_guidance(config: Config) -> GuidedObjective:
    """A model beside a guided teacher of the same weights."""
    return GuidedObjective(random_model(config), random_model(config))


def fix_noise(monkeypatch: pytest.MonkeyPatch, noise: torch.Tensor) -> None:
    monkeypatch.setattr(torch, "randn_like", lambda like: noise)


@pytest.fixture
def fixed_noise(monkeypatch: pytest.MonkeyPatch):
    """Sets what the objectives take for noise, and at which of its levels: a row or all."""
    noise = torch.randn(len(LENGTHS), BANDS, max(LENGTHS), generator=torch.Generator().manual_seed(5))
    sigma = torch.tensor([0.05, 0.6, 4.0])
    level = torch.tensor([2, 30, 17])

    def fix(objective: Objective, row: int | None) -> None:
        part = slice(None) if row is None else slice(row, row + 1)
        frames = max(LENGTHS) if row is None else LENGTHS[row]
        fix_noise(monkeypatch, noise[part, :, :frames])
        monkeypatch.setattr(torch, "randint", lambda *size, device: level[part])
        monkeypatch.setattr(objective, "draw_sigma", lambda batch, device: sigma[part], raising=False)

    return fix


def assert_frames_count_alike(objective: Objective, fix, weights=LENGTHS) -> None:
    """Loss and gradients of a padded batch are the mean of its clips' own, weighted by their frames."""
    objective.eval()
    model = objective.student if isinstance(objective, DistillObjective) else objective.model
    alone, together = ragged_data(model)
    fix(objective, None)
    loss, whole = gradients(objective, together)
    shares = np.array(weights) / sum(weights)
    parts = []
    for row, batch in enumerate(alone):
        fix(objective, row)
        parts.append(gradients(objective, batch))
    assert loss == pytest.approx(sum(share * part for share, (part, _) in zip(shares, parts, strict=True)), rel=1e-4)
    assert whole
    for name, gradient in whole.items():
        own = sum(share * part[name] for share, (_, part) in zip(shares, parts, strict=True))
        torch.testing.assert_close(gradient, own.float(), rtol=1e-3, atol=1e-5 * max(1.0, gradient.abs().max().item()))


# dropped conditions


def test_conditions_are_dropped_each_on_its_own():
    torch.manual_seed(0)
    inputs = replace(random_clip(1), singer=torch.zeros(20_000, dtype=torch.long))
    keep = drop_conditions(inputs, 0.12)
    assert keep.shape == (20_000, 4)
    np.testing.assert_allclose((~keep).float().mean(dim=0), 0.12, atol=0.01)
    assert (~keep).all(dim=1).float().mean().item() == pytest.approx(0.12**4, abs=5e-4)


@pytest.mark.parametrize(("chance", "kept"), [(0.0, True), (1.0, False)])
def test_no_chance_drops_nothing_and_certainty_all(chance, kept):
    inputs = replace(random_clip(1), singer=torch.zeros(100, dtype=torch.long))
    assert (drop_conditions(inputs, chance) == kept).all()


def objectives_of(config: Config) -> list[Objective]:
    return [DraftObjective(random_model(config)), DenoiserObjective(random_model(config)), distilling(config)]


@pytest.mark.parametrize("index", range(3))
def test_conditions_are_dropped_in_training_alone(index):
    objective, told = objectives_of(small_config(condition_dropout=1.0))[index], []
    conditions = objective.teacher.conditions if index == 2 else objective.model.conditions
    conditions.register_forward_pre_hook(lambda module, given: told.append(given[1].any().item()))
    _, batch = ragged_data(random_model(small_config()))
    objective.train()(batch)
    objective.eval()(batch)
    assert told == [False, True]


# the draft


@pytest.mark.parametrize("draft", DRAFTS)
def test_the_drafts_loss_is_its_distance_from_the_mel_in_standard_deviations(draft):
    model = random_model(small_config(draft=draft))
    alone, _ = ragged_data(model)
    drafted = model.condition(alone[1].inputs, keep_all(1)).draft
    mel = (alone[1].mel + 5) / 2
    expected = {"l1": (drafted - mel).abs().mean(), "ssim+l2": prior_loss(drafted, mel, None)}
    for name, value in expected.items():
        model.config = replace(model.config, train=TrainConfig(draft_loss=name))
        assert DraftObjective(model).eval()(alone[1]).item() == pytest.approx(value.item(), rel=1e-5)


@pytest.mark.parametrize("loss", ["l1", "ssim+l2"])
@pytest.mark.parametrize("draft", DRAFTS)
def test_padding_neither_teaches_the_draft_nor_counts(draft, loss, fixed_noise):
    config = replace(small_config(draft=draft), train=TrainConfig(draft_loss=loss))
    assert_frames_count_alike(DraftObjective(random_model(config)), fixed_noise)


def test_an_unknown_draft_loss_is_refused():
    config = replace(small_config(), train=TrainConfig(draft_loss="l3"))
    with pytest.raises(ValueError, match=r"no draft loss 'l3'; there are l1, ssim\+l2\."):
        DraftObjective(random_model(config))


# the denoiser


@pytest.mark.parametrize("prediction", ["edm", "epsilon"])
@pytest.mark.parametrize(("draft", "sees"), KINDS)
def test_padding_neither_teaches_the_denoiser_nor_counts(draft, sees, prediction, fixed_noise):
    config = small_config(draft=draft, decoder_sees=sees, prediction=prediction)
    assert_frames_count_alike(DenoiserObjective(random_model(config)), fixed_noise)


@pytest.mark.parametrize("noise", ["uniform", "log-normal"])
def test_the_denoisers_loss_starts_at_one_for_a_gaussian_rest(noise):
    """With F = 0 and a rest that is N(0, residual_std^2), EDM's weight makes every level's loss 1."""
    model = random_model(replace(small_config(), train=TrainConfig(noise=noise)))
    nn.init.zeros_(model.denoiser.leave.weight)
    nn.init.zeros_(model.denoiser.leave.bias)
    torch.manual_seed(0)
    clip = random_clip(400)
    draft = model.condition(clip, keep_all(1)).draft
    batch = Batch(model.denormalise(draft + model.residual_std * torch.randn(draft.shape)).detach(), clip)
    objective = DenoiserObjective(model).eval()
    losses = [objective(batch).item() for _ in range(20)]
    assert np.mean(losses) == pytest.approx(1.0, abs=0.03)
    assert np.ptp(losses) < 0.2  # at every level alike


def test_the_loss_of_predicted_noise_is_its_plain_squared_error(monkeypatch):
    """The weight 1 / sigma^2 takes away what x0_hat = y - sigma eps_hat multiplied the error by."""
    config = small_config(draft="none", decoder_sees="conditions", prediction="epsilon")
    model, said = random_model(config), []
    model.denoiser.register_forward_hook(lambda module, given, result: said.append(result.detach()))
    objective, (alone, _) = DenoiserObjective(model).eval(), ragged_data(model)
    noise = torch.randn(1, BANDS, LENGTHS[1])
    fix_noise(monkeypatch, noise)
    for sigma in (0.02, 0.5, 30.0):
        monkeypatch.setattr(objective, "draw_sigma", lambda batch, device, sigma=sigma: torch.tensor([sigma]))
        loss = objective(alone[1]).item()
        assert loss == pytest.approx(((said[-1] - noise) ** 2).mean().item(), rel=1e-4)


def test_uniform_noise_is_of_every_step_of_the_schedule_alike():
    objective = DenoiserObjective(random_model(small_config()))
    torch.manual_seed(0)
    steps = objective.model.step_of(objective.draw_sigma(50_000, torch.device("cpu")))
    np.testing.assert_allclose(steps, steps.round(), atol=2e-3)
    counts = np.bincount(steps.round().int().numpy(), minlength=1000)
    assert len(counts) == 1000
    assert counts.min() > 0
    assert counts.reshape(10, 100).sum(axis=1) == pytest.approx(5_000, abs=4 * 5_000**0.5)


def test_log_normal_noise_by_hand():
    edm = EdmConfig(p_mean=-1.0, p_std=0.5, sigma_min=0.1, sigma_max=2.0)
    drawn = log_normal_sigma(torch.tensor([0.0, 2.0, -1.0, 9.0, -9.0]), edm)
    assert drawn.tolist() == pytest.approx([np.exp(-1.0), 1.0, np.exp(-1.5), 2.0, 0.1])


def test_log_normal_noise_has_its_mean_and_spread():
    config = replace(small_config(), train=TrainConfig(noise="log-normal"))
    torch.manual_seed(0)
    log_sigma = DenoiserObjective(random_model(config)).draw_sigma(50_000, torch.device("cpu")).log()
    assert log_sigma.median().item() == pytest.approx(config.edm.p_mean, abs=0.03)
    low, high = log_sigma.quantile(torch.tensor([0.1587, 0.8413])).tolist()
    assert (high - low) / 2 == pytest.approx(config.edm.p_std, abs=0.03)
    assert (log_sigma.exp() == config.edm.sigma_max).float().mean().item() == pytest.approx(1 / 75, abs=2e-3)


def test_unknown_noise_is_refused():
    config = replace(small_config(), train=TrainConfig(noise="pink"))
    with pytest.raises(ValueError, match="'uniform' or 'log-normal', not 'pink'"):
        DenoiserObjective(random_model(config))


# what a guided teacher says


@torch.no_grad()
def test_the_loss_is_the_distance_from_the_guided_prediction(fixed_noise):
    objective = learning_guidance(guided_config()).eval()
    model, batch = objective.model, ragged_data(objective.model)[0][1]
    fixed_noise(objective, 1)
    loss = objective(batch).item()
    fixed_noise(objective, 1)
    sigma = objective.draw_sigma(1, torch.device("cpu"))
    clean = model.normalise(batch.mel)
    noisy = clean + sigma * torch.randn_like(clean)
    told = model.denoise(noisy, sigma, model.condition(batch.inputs, keep_all(1)))
    missed = torch.zeros_like(told)
    for index, weight in ((0, 1.0), (1, 0.5), (3, 2.0)):
        keep = keep_all(1)
        keep[:, index] = False
        missed += weight * (told - model.denoise(noisy, sigma, model.condition(batch.inputs, keep)))
    weight = model.prediction_weight(sigma, model.condition(batch.inputs, keep_all(1)).spread)
    assert loss == pytest.approx((weight * missed**2).mean().item(), rel=1e-4)
    assert loss > 1e-3


def test_padding_teaches_nothing_of_guidance_either(fixed_noise):
    assert_frames_count_alike(learning_guidance(guided_config(draft="conformer")), fixed_noise)


def test_half_of_the_crops_are_told_any_singer_in_training_and_their_own_when_it_is_measured():
    """Of two singers, so a quarter is told another than the own."""
    objective = learning_guidance(guided_config(condition_dropout=0.0))
    singers, told = torch.arange(400) % 2, []
    objective.model.conditions.register_forward_pre_hook(lambda module, given: told.append(given[0].singer))
    objective.teacher.conditions.register_forward_pre_hook(lambda module, given: told.append(given[0].singer))
    inputs = join_inputs([replace(random_clip(2), singer=singer[None]) for singer in singers])
    batch = Batch(torch.randn(400, BANDS, 2), inputs)
    torch.manual_seed(0)
    objective.train()(batch)
    teacher, model = told
    assert torch.equal(teacher[:400], model)  # both are told the same
    assert (model != singers).float().mean().item() == pytest.approx(0.25, abs=0.08)
    objective.eval()(batch)
    assert torch.equal(told[-1], singers)


def test_a_model_learns_to_say_what_its_guided_teacher_says(tmp_path):
    config = with_optimiser(guided_config(condition_dropout=0.0), learning_rate=5e-3)
    objective = learning_guidance(config)
    trainer, crops = Trainer(objective, config.train, 150, tmp_path / "state", {}), small_crops(config.train)
    losses = [trainer.advance(crops.draw(step)) for step in range(150)]
    assert np.mean(losses[-20:]) < 0.7 * np.mean(losses[:20])


# the student


@pytest.mark.parametrize(("draft", "sees"), KINDS)
def test_padding_neither_teaches_the_student_nor_counts(draft, sees, fixed_noise):
    assert_frames_count_alike(distilling(small_config(draft=draft, decoder_sees=sees)), fixed_noise)


def test_pseudo_huber_counts_every_clip_of_a_padded_batch_alike(fixed_noise):
    assert_frames_count_alike(distilling(small_config(), "pseudo-huber"), fixed_noise, weights=(1, 1, 1))


def no_draft(**config) -> Config:
    """The draft is 0 and the mel's spread residual_std: a denoiser with F = 0 is then the best there is."""
    return replace(small_config(draft="none", decoder_sees="conditions"), **config)


def silence(denoiser: nn.Module) -> None:
    nn.init.zeros_(denoiser.leave.weight)
    nn.init.zeros_(denoiser.leave.bias)


def gaussian_batch(frames: int = 300) -> Batch:
    """A mel of random_model's statistics whose normalised values are N(0, 0.4^2)."""
    torch.manual_seed(1)
    return Batch(2 * 0.4 * torch.randn(1, BANDS, frames) - 5, random_clip(frames))


def test_a_step_of_distillation_by_hand(monkeypatch):
    """With F = 0 all is linear. Teacher: D = y d^2 / (d^2 + sigma^2); student: the same of sigma - sigma_min."""
    objective = distilling(no_draft())
    for denoiser in (objective.student.denoiser, objective.teacher.denoiser, objective.target):
        silence(denoiser)
    batch, level = gaussian_batch(50), 11
    noise = torch.randn(1, BANDS, 50)
    fix_noise(monkeypatch, noise)
    monkeypatch.setattr(torch, "randint", lambda *size, device: torch.tensor([level]))
    upper, lower = karras_sigmas(40, 0.002, 10.0, 7.0)[[level, level + 1]]
    y = ((batch.mel + 5) / 2 + upper * noise).double().numpy()

    def slope(x, sigma):
        return (x - x * 0.16 / (0.16 + sigma**2)) / sigma

    guess = y + (lower - upper) * slope(y, upper)
    nearer = y + (lower - upper) / 2 * (slope(y, upper) + slope(guess, lower))
    reached, wanted = (x * 0.16 / (0.16 + (s - 0.002) ** 2) for x, s in ((y, upper), (nearer, lower)))
    assert objective.eval()(batch).item() == pytest.approx(((reached - wanted) ** 2).mean(), rel=1e-3)


def test_levels_are_drawn_from_all_neighbours_of_the_grid(monkeypatch):
    """Algorithm 2: n from 1 to N - 1, so 39 pairs of 40 levels, the last of them down to sigma_min."""
    objective, asked = distilling(no_draft()), []
    assert objective.sigmas.tolist() == pytest.approx(karras_sigmas(40, 0.002, 10.0, 7.0)[:-1], rel=1e-6)
    monkeypatch.setattr(
        torch, "randint", lambda high, size, device: asked.append((high, size)) or torch.full(size, high - 1)
    )
    levels, student = [], objective.student
    denoise = student.denoise
    monkeypatch.setattr(
        student, "denoise", lambda x, sigma, *rest: levels.append(sigma.item()) or denoise(x, sigma, *rest)
    )
    objective.eval()(gaussian_batch(10))
    assert asked == [(39, (1,))]
    assert levels == pytest.approx(objective.sigmas[[39, 38]].tolist())  # the target's, then the student's


class ExactConsistency(nn.Module):
    """What a student's network must say so that it leads every point to its trajectory's end.

    It is told sigma itself in place of a step.
    """

    def __init__(self, data: Gaussian, least: float) -> None:
        super().__init__()
        self.data, self.least, self.gain = data, least, nn.Parameter(torch.tensor(1.0))

    def project(self, seen: torch.Tensor) -> list[torch.Tensor]:
        return []

    def forward(self, x, sigma, projected, mask, beside):
        sigma = sigma.reshape(-1, 1, 1)
        c_skip, c_out, c_in = precondition(sigma, torch.tensor(self.data.spread), self.least)
        y = x / c_in
        ratio = ((self.data.spread**2 + self.least**2) / (self.data.spread**2 + sigma**2)).sqrt()
        return self.gain * (ratio - c_skip) * y / c_out.clamp(min=1e-9)


def distance_of_the_exact_student(grid_steps: int) -> tuple[float, float]:
    """With a teacher that is right: root of the loss of a student that is right, and of one with F = 0."""
    config = no_draft(edm=EdmConfig(sigma_min=0.02), distill=DistillConfig(grid_steps=grid_steps))
    batch, roots = gaussian_batch(), []
    for right in (True, False):
        objective = distilling(config)
        silence(objective.teacher.denoiser)
        silence(objective.student.denoiser)
        silence(objective.target)
        if right:
            student = objective.student
            student.denoiser = objective.target = ExactConsistency(Gaussian(0.0, 0.4), 0.02)
            student.step_of = lambda sigma: sigma
        torch.manual_seed(0)
        batches = [objective.eval()(batch).item() for _ in range(30)]
        roots.append(float(np.mean(batches)) ** 0.5)
    return roots[0], roots[1]


def test_the_exact_consistency_function_has_no_loss():
    """Gaussian data: teacher and answer are known. What is left is the error of the teacher's Heun step."""
    right, wrong = distance_of_the_exact_student(40)
    assert right < 1e-4  # of a mel of spread 0.4
    assert right < wrong / 200


def test_what_is_left_of_the_exact_functions_loss_is_the_solvers_error():
    """Heun's error in one step is of third order: with steps a quarter as long, 64 times as small."""
    coarse, fine = distance_of_the_exact_student(10)[0], distance_of_the_exact_student(40)[0]
    assert 20 < coarse / fine < 200


def test_distillation_leads_to_the_exact_consistency_function():
    """Its gradient vanishes there, and away from it points back."""
    config = no_draft(edm=EdmConfig(sigma_min=0.02))
    slopes = []
    for gain in (0.9, 1.0, 1.1):
        objective = distilling(config)
        silence(objective.teacher.denoiser)
        objective.target = ExactConsistency(Gaussian(0.0, 0.4), 0.02)
        objective.student.denoiser = ExactConsistency(Gaussian(0.0, 0.4), 0.02)
        objective.student.step_of = lambda sigma: sigma
        nn.init.constant_(objective.student.denoiser.gain, gain)
        torch.manual_seed(0)
        objective.eval()(gaussian_batch()).backward()
        slopes.append(objective.student.denoiser.gain.grad.item())
    assert slopes[0] < 0 < slopes[2]
    assert abs(slopes[1]) < 0.02 * slopes[2]


def test_the_target_follows_by_a_twentieth_of_the_way():
    objective = distilling(small_config())
    before = copied(objective.target)
    assert all(torch.equal(before[name], weight) for name, weight in objective.student.denoiser.state_dict().items())
    with torch.no_grad():
        for weight in objective.student.denoiser.parameters():
            weight += 1.0
    for steps in (1, 2, 3):
        objective.after_step()
        for name, weight in objective.target.named_parameters():
            torch.testing.assert_close(weight, before[name] + 1 - 0.95**steps, rtol=1e-5, atol=1e-5)
    assert not any(weight.requires_grad for weight in objective.target.parameters())


def test_an_unknown_distillation_loss_is_refused():
    with pytest.raises(ValueError, match=r"no distillation loss 'lpips'; there are pseudo-huber, l2\."):
        distilling(small_config(), "lpips")


def test_a_student_differs_from_its_teacher_in_its_boundary_alone():
    config = small_config(draft="conformer")
    teacher, student = asdict(config), asdict(as_student(config))
    assert student["model"].pop("consistency")
    assert not teacher["model"].pop("consistency")
    assert student == teacher


# which weights move


@pytest.mark.parametrize(
    ("make", "config", "trained"),
    [
        (DraftObjective, small_config(), {"model.conditions", "model.draft"}),
        (DraftObjective, small_config(draft="conformer"), {"model.conditions", "model.draft"}),
        (DenoiserObjective, small_config(), {"model.denoiser"}),
        (DenoiserObjective, small_config(draft="conformer", decoder_sees="draft"), {"model.denoiser"}),
        (DenoiserObjective, no_draft(), {"model.conditions", "model.denoiser"}),
        (lambda model: learning_guidance(model.config), guided_config(), {"model.denoiser"}),
        (lambda model: distilling(model.config), small_config(), {"student.denoiser"}),
        (lambda model: distilling(model.config), no_draft(), {"student.denoiser"}),
    ],
)
def test_a_run_moves_only_the_weights_that_it_trains(make, config, trained, tmp_path):
    """One objective after another, on one model: gradients of an earlier one must not linger."""
    config = with_optimiser(config)
    model = random_model(config)
    if model.draft is not None:
        DraftObjective(model)
    objective = make(model)
    trainer, before = Trainer(objective, config.train, 3, tmp_path / "state", {}), copied(objective)
    crops = small_crops(config.train)
    for step in range(3):
        trainer.advance(crops.draw(step))
    graded = {".".join(name.split(".")[:2]) for name, weight in objective.named_parameters() if weight.grad is not None}
    assert graded == trained
    moved = changed_parts(before, copied(objective))
    assert {part for part in moved if not part.startswith("target")} == trained
    assert any(part.startswith("target") for part in moved) == isinstance(objective, DistillObjective)


@pytest.mark.parametrize("make", [DraftObjective, DenoiserObjective])
def test_an_encoder_of_our_own_is_never_trained_along(make, tmp_path):
    config = with_optimiser(small_config(content_encoder=True))
    config = replace(config, code=replace(config.code, width=8, layers=1, code=5))
    if make is DenoiserObjective:
        config = replace(config, model=replace(config.model, draft="none", decoder_sees="conditions"))
    objective = make(random_model(config))
    trainer, before = Trainer(objective, config.train, 2, tmp_path / "state", {}), copied(objective)
    trainer.advance(small_crops(config.train).draw(0))
    moved = changed_parts(before, copied(objective), depth=3)
    assert "model.conditions.content" in moved
    assert "model.conditions.encoder" not in moved


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize(
    ("make", "active"),
    [(DraftObjective, "draft"), (DenoiserObjective, None), (lambda model: distilling(model.config), None)],
)
def test_dropout_is_at_work_only_where_the_draft_is_trained(make, active, draft, tmp_path):
    config = with_optimiser(small_config(draft=draft, content_encoder=True, condition_dropout=0.5))
    config = replace(config, code=replace(config.code, width=8, layers=1, code=5))
    objective, at_work = make(random_model(config)), set()
    for name, module in objective.named_modules():
        if isinstance(module, (nn.Dropout, nn.Dropout1d)):
            module.register_forward_hook(
                lambda module, given, result, name=name: at_work.add((name.split(".")[1], module.training))
            )
    Trainer(objective, config.train, 2, tmp_path / "state", {}).advance(small_crops(config.train).draw(0))
    assert {name for name, training in at_work if training} == ({active} if active else set())
    assert ("conditions", False) in at_work


# the spread of what the draft misses


@torch.no_grad()
def test_residual_spread_is_the_root_mean_square_of_what_the_draft_misses():
    model = random_model(small_config(condition_dropout=0.0))
    alone, together = ragged_data(model)
    misses = [
        (model.condition(batch.inputs, keep_all(1)).draft - (batch.mel + 5) / 2).flatten().numpy() for batch in alone
    ]
    expected = np.sqrt(np.mean(np.concatenate(misses) ** 2))
    assert measure_residual_std(model, [together]) == pytest.approx(expected, rel=1e-5)
    of_two = np.sqrt((np.mean(misses[0] ** 2) + np.mean(misses[1] ** 2)) / 2)
    assert measure_residual_std(model, alone[:2]) == pytest.approx(of_two, rel=1e-5)


@torch.no_grad()
def test_residual_spread_is_measured_under_the_dropping_of_training():
    """The denoiser will see drafts that were told nothing: what those miss belongs to the spread."""
    told, untold = (random_model(small_config(condition_dropout=chance)) for chance in (0.0, 1.0))
    _, batch = ragged_data(told)
    drafted = untold.condition(batch.inputs, torch.zeros(3, 4, dtype=torch.bool)).draft
    expected = ((drafted - told.normalise(batch.mel)) ** 2).transpose(1, 2)[batch.inputs.mask].mean().sqrt()
    assert measure_residual_std(untold, [batch]) == pytest.approx(expected.item(), rel=1e-5)
    assert measure_residual_std(told, [batch]) != pytest.approx(expected.item(), rel=1e-3)


def test_a_model_without_a_draft_misses_all_of_the_mel():
    model = random_model(no_draft())
    assert measure_residual_std(model, [gaussian_batch(2_000)]) == pytest.approx(0.4, rel=0.02)


def test_l1_is_the_usual_draft_loss():
    assert DraftObjective(random_model(small_config())).distance is l1
