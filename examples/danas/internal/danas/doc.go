// Package danas is the program examples/danas: class easiness, a search that removes candidates
// while data grow, and what is compared with it.
package danas
