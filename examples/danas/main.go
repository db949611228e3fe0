package main

import "github.com/tendril-nas/tendril/examples/danas/internal/danas"

func main() { danas.Program().Main() }
