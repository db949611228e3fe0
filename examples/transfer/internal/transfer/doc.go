// Package transfer is the program examples/transfer: a pretrained network learns a folder of images
// in three steps, and what came of it is written for people. Its documentation is that of the
// command.
package transfer
