// Package nasoa is the program examples/nasoa: the search for a zoo of models that train fast,
// tasks that are fine-tuned on within time limits, and the learner that chooses how.
package nasoa
