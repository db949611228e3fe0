/* Times OpenBLAS sgemm on the shapes of BenchmarkGemm, for comparison.
 *
 *     cc -O2 -o openblas openblas.c -lopenblas
 *     ./openblas ROUNDS SECONDS THREADS
 *
 * Every line is the median of ROUNDS rounds of about SECONDS each, after a warm-up call: GFLOP per second that passed and per
 * second of processor time of all threads. Matrices are row-major; the input gradient multiplies with a transposed weight, the
 * weight gradient takes the activations transposed, as the benchmark does. Processor time counts threads that wait for each
 * other, so compare it with one thread.
 */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void openblas_set_num_threads(int);

static const struct {
	const char *kind;
	int m, n, k;
} shapes[] = {
	{"fwd", 1568, 672, 112}, {"dx", 1568, 112, 672}, {"dw", 672, 112, 1568},
	{"fwd", 392, 960, 160}, {"dx", 392, 160, 960}, {"dw", 960, 160, 392},
	{"fwd", 25088, 144, 24}, {"dx", 25088, 24, 144}, {"dw", 144, 24, 25088},
	{"fwd", 100352, 96, 16}, {"dx", 100352, 16, 96}, {"dw", 96, 16, 100352},
	{"fwd", 1568, 112, 672}, {"dx", 1568, 672, 112}, {"dw", 112, 672, 1568},
	{"fwd", 1568, 448, 112}, {"dx", 1568, 112, 448}, {"dw", 448, 112, 1568},
	{"fwd", 1024, 672, 112}, {"dx", 1024, 112, 672},
};

static double now(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

static float *matrix(int n)
{
	float *x = aligned_alloc(64, ((size_t)n * 4 + 63) / 64 * 64);
	for (int i = 0; i < n; i++)
		x[i] = (float)rand() / RAND_MAX - 0.5f;
	return x;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 5;
	double seconds = argc > 2 ? atof(argv[2]) : 0.1;
	double *wall = malloc(rounds * sizeof *wall), *cpu = malloc(rounds * sizeof *cpu);
	openblas_set_num_threads(argc > 3 ? atoi(argv[3]) : 2);
	for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
		int m = shapes[s].m, n = shapes[s].n, k = shapes[s].k;
		int ta = !strcmp(shapes[s].kind, "dw"), tb = !strcmp(shapes[s].kind, "dx");
		float *a = matrix(m * k), *b = matrix(k * n), *c = matrix(m * n);
		for (int r = -1; r < rounds; r++) {
			double w0 = now(CLOCK_MONOTONIC), c0 = now(CLOCK_PROCESS_CPUTIME_ID), w1;
			int calls = 0;
			do {
				cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k,
					    1, a, ta ? m : k, b, tb ? k : n, 0, c, n);
				calls++;
				w1 = now(CLOCK_MONOTONIC);
			} while (r >= 0 && w1 - w0 < seconds);
			if (r < 0)
				continue;
			double work = 2e-9 * m * n * k * calls;
			wall[r] = work / (w1 - w0);
			cpu[r] = work / (now(CLOCK_PROCESS_CPUTIME_ID) - c0);
		}
		qsort(wall, rounds, sizeof *wall, ascending);
		qsort(cpu, rounds, sizeof *cpu, ascending);
		printf("%s_%dx%dx%d %.1f GFLOP/s %.1f GFLOP/cpu-s\n", shapes[s].kind, m, n, k, wall[rounds / 2], cpu[rounds / 2]);
		fflush(stdout);
		free(a);
		free(b);
		free(c);
	}
	return 0;
}
