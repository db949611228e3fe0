// Package growth runs AdaXpert's main loop on growing data for the example programs: it makes the
// snapshots of a scenario, decides at each whether the architecture still fits, fine-tunes the
// supernet, trains the adjuster, retrains the chosen network, and keeps everything a killed run
// needs to go on.
package growth
