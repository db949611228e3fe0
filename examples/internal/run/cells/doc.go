// Package cells runs experiments and writes the pages made of them.
//
// A [Page] is a list of named cells, each one run of something from one seed. Its program runs the
// cells that are missing, one at a time, each at most once; a cell that was stopped goes on where
// it was the next time. A finished cell is one JSON file beside the page, with its settings, wall
// time and machine; the page is written from these files by a template, for which [Results] has
// what tables need: means over seeds, differences of runs of the same seed with t-intervals, the
// command that repeats each cell. Cells that were not run are marked so. A cell whose settings
// follow from what another one found waits for that one.
//
//	go run ./examples/NAME/results -list             # the cells, and which are done
//	go run ./examples/NAME/results -run 'ours-.*'    # runs missing ones, writes the page
//	go run ./examples/NAME/results                   # only writes the page
package cells
