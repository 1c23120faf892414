"""The examples run, with a budget of seconds; what they say of the wiring itself is checked.

What evolution reaches with the full budget is in examples/README.md.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import conncore as cc

EXAMPLES = Path(__file__).parents[1] / "examples"
EXPORT = "validation/hemibrain_EB_ER_EPG_edges.csv"
COLUMNS = "bodyId_pre,bodyId_post,weight,type_pre,type_post,name_pre,name_post"


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module


def is_png(path):
    return path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_every_example_is_in_the_readme_with_its_figure():
    text = (EXAMPLES / "README.md").read_text()
    for script in EXAMPLES.glob("*.py"):
        assert f"python examples/{script.name}" in text
        figure = script.with_suffix(".png")
        assert f"]({figure.name})" in text
        assert is_png(figure)
        assert figure.stat().st_size < 100_000


class TestMushroomBody:
    def test_the_sign_rule(self, example):
        brain = example("mushroom_body").load_brain()
        assert (brain.n_excitatory, brain.n_inhibitory) == (6519, 906)  # from KC, PN; the others
        assert not brain.dale_violations()

    def test_it_learns_and_says_so(self, example, tmp_path):
        module = example("mushroom_body")
        figure = tmp_path / "figure.png"
        scores = module.main(figure, seeds=1, generations=2)
        assert set(scores) == set(module.ARMS)
        assert all(0 <= score <= 100 for runs in scores.values() for score in runs)
        assert is_png(figure)

    def test_odours_can_be_told_apart_and_noise_changes_with_the_seed(self, example):
        task = example("mushroom_body").Odours(58)
        seen, odour = task.draw(1)
        nearest = ((seen[:, None] - task.odours) ** 2).sum(axis=2).argmin(axis=1)
        assert (nearest == odour).mean() > 0.95
        assert not np.array_equal(seen, task.draw(2)[0])
        assert np.array_equal(seen, task.draw(1)[0])


class TestOpticLobe:
    def test_untrained_t4_cells_prefer_four_directions(self, example):
        """Without training, and not in a null model that keeps which types meet."""
        module = example("optic_lobe")
        lobe = cc.load("fly-optic-lobe", extent=2)
        task, directions = module.MovingEdge(lobe), np.arange(0, 360, 45)
        strength, angle = {}, {}
        for arm in ("circuit", "segment"):
            network = module.build(arm, lobe, task, 0)
            response = module.tuning(network, module.start_of(network, 0), task, directions)
            strength[arm], angle[arm] = module.preferred(response, directions)
        assert strength["circuit"].mean() > 2 * strength["segment"].mean()
        assert module.opposed(angle["circuit"], "T4a", "T4b") > 150
        assert module.opposed(angle["circuit"], "T4c", "T4d") > 130
        assert 45 < module.opposed(angle["circuit"], "T4a", "T4d") < 135

    def test_it_runs(self, example, tmp_path):
        figure = tmp_path / "figure.png"
        found = example("optic_lobe").main(
            figure, seeds=1, generations=1, n_directions=4, extent=1, n_nulls=1
        )
        assert all(0 <= score <= 100 for runs in found["scores"].values() for score in runs)
        assert is_png(figure)


class TestEllipsoidBody:
    @pytest.fixture
    def export(self, tmp_path):
        """A ring of 16 EPG cells and 8 ER cells in the columns of neuPrint."""
        cells = [f"EPG(PB08)_{side}{k}" for side in "LR" for k in range(1, 9)]
        rows = []
        for i, cell in enumerate(cells):
            for k in range(8):
                rows.append(f"{100 + k},{i + 1},{3 + k},ER4d,EPG,ER4d(ring)_L,{cell}")
            rows.append(f"{i + 1},{100 + i % 8},5,EPG,ER4d,{cell},ER4d(ring)_L")
        file = tmp_path / "export.csv"
        file.write_text("\n".join([COLUMNS, *rows]) + "\n")
        return file

    def test_signs_and_angles(self, example, export):
        module = example("ellipsoid_body")
        ring, angles = module.read_ring(export)
        assert (ring.n_excitatory, ring.n_inhibitory) == (16, 128)
        around = np.sort(np.degrees(list(angles.values())) % 360)
        np.testing.assert_allclose(around, np.arange(16) * 22.5, atol=1e-9)
        added = module.add_loop(ring, angles)
        assert added.n_inhibitory == 128
        assert added.n_excitatory > 16

    def test_an_export_without_instances(self, example, export):
        lines = [line.rsplit(",", 2)[0] for line in export.read_text().splitlines()]
        export.write_text("\n".join(lines) + "\n")
        with pytest.raises(SystemExit, match=r"export.csv: cell 1 lacks an instance like EPG"):
            example("ellipsoid_body").read_ring(export)

    def test_it_runs(self, example, export, tmp_path):
        module = example("ellipsoid_body")
        figure = tmp_path / "figure.png"
        errors = module.main(export, figure, seeds=1, generations=1)
        assert set(errors) == set(module.ARMS)
        assert errors["circuit"].shape == (1, module.LONG)
        assert errors["circuit"][0, 0] < 60  # it knows the heading as the light goes out
        assert is_png(figure)

    def test_the_real_ring_holds_a_bump_before_any_training(self, example):
        """Where CONNCORE_DATA has the export: with ER cells and the loop, not without either."""
        path = Path(os.environ.get("CONNCORE_DATA", "/nowhere"), EXPORT)
        if not path.is_file():
            pytest.skip(f"CONNCORE_DATA has no {EXPORT}")
        module = example("ellipsoid_body")
        ring, angles = module.read_ring(path)
        assert (ring.n_excitatory, ring.n_inhibitory, len(angles)) == (621, 8755, 46)
        task = module.Heading(np.array(list(angles.values())))
        scores = {}
        for arm in ("circuit", "no ER", "no loop"):
            network, start = module.build(arm, ring, angles, task, 0)
            scores[arm] = task.evaluate(network, start[None], seed=1, n_threads=1)[0]
        assert scores["circuit"] > 0.4
        assert max(scores["no ER"], scores["no loop"]) < 0.2

    @pytest.mark.parametrize(
        ("name", "message"),
        [("no.csv", "no.csv is missing: export"), ("other.csv", "is no column 'bodyId_pre'")],
    )
    def test_one_line_says_what_is_missing(self, tmp_path, name, message):
        (tmp_path / "other.csv").write_text("pre,post\nA,B\n")
        words = [sys.executable, str(EXAMPLES / "ellipsoid_body.py"), str(tmp_path / name)]
        result = subprocess.run(words, capture_output=True, text=True)
        assert result.returncode == 1
        assert result.stderr.count("\n") == 1
        assert message in result.stderr


def test_cartpole(example, tmp_path, capsys):
    module = example("cartpole")
    means = module.main(tmp_path / "study", seeds=2, generations=1, population=8, max_steps=20)
    assert set(means) == {"circuit", *module.NULLS}
    assert all(8 <= mean <= 20 for mean in means.values())
    assert is_png(tmp_path / "study" / "cartpole.png")
    assert "chance" in capsys.readouterr().out
