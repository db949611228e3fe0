"""Times NSGA-II and non-dominated sorting in pymoo, for comparison with BenchmarkComparison and BenchmarkFronts.

usage: pymoo_speed.py [runs]        (default 2; needs pymoo 0.6 with its compiled functions)

Runs are 200 generations of 100, as in nsga2.json. Every line is a name and processor milliseconds: the mean of the runs of a
problem, the median of 21 sorts of uniform points.
"""
import sys
import time

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.optimize import minimize
from pymoo.problems import get_problem
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

runs = int(sys.argv[1]) if len(sys.argv) > 1 else 2
for name in ("zdt1", "zdt2", "zdt3", "dtlz2", "bnh"):
    problem = get_problem(name, n_var=12, n_obj=3) if name == "dtlz2" else get_problem(name)
    start = time.process_time()
    for seed in range(runs):
        minimize(problem, NSGA2(pop_size=100, crossover=SBX(eta=15, prob=0.9), mutation=PM(eta=20)), ("n_gen", 200), seed=seed)
    print(f"{name} {1000 * (time.process_time() - start) / runs:.1f}", flush=True)
rng = np.random.default_rng(1)
for n, m in ((2000, 2), (5000, 3), (2000, 4)):
    points, times = rng.random((n, m)), []
    for _ in range(21):
        start = time.process_time()
        NonDominatedSorting().do(points)
        times.append(time.process_time() - start)
    print(f"{n}x{m} {1000 * sorted(times)[10]:.3f}", flush=True)
