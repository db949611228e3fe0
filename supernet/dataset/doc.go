// Package dataset reads labelled images, cuts views out of them and serves
// them to training in augmented, normalised batches.
package dataset
