// Package run is what every program of this folder is beside its method and its pictures.
//
// A program describes itself as a [Program]: the table of its settings, the flags that change them,
// what it keeps, and its work. The runner does the rest in the same way for all:
//
//   - Flags: -out, -json, -resume, -plain and -v beside the program's own, -quick where there is a
//     quick table. Nothing starts before the command line was checked as a whole.
//   - Signals: the first Ctrl-C or SIGTERM ends the work's context, a second one kills. Exit codes
//     are 0, 1 for an error, 2 for a mistake in the command line, 130 and 143 after the two
//     signals.
//   - Going on: with -out, a program remembers what it has finished, phase by phase ([Once],
//     [Saved]), each in one file that appears when the phase is over. With -resume it takes these
//     phases from their files and goes on with the first one that is missing. The settings are kept
//     there too: they need not be given again, and others are refused by name, as are other data
//     ([Job.OnData]). Since every phase
//     depends on the settings and on earlier phases alone, a run that was killed anywhere ends as
//     if it had not been.
//   - Time: wall seconds by phase, kept over interruptions ([Clock]), and a bar with the time left
//     (examples/internal/progress).
//   - Training: one table of settings with flags ([Training]), a checkpoint and progress for each
//     training ([Job.TrainOptions]).
//   - Randomness: a seed for each purpose ([Seed]).
//
// Experiments over many seeds and settings, and the pages made of them, are in package cells below.
package run
