package main

import "github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"

func main() { nasoa.Program().Main() }
