// Package predictor foretells how accurate a network will be after fine-tuning, from what is known
// before, and learns from how accurate it is.
package predictor
