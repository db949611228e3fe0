package main

import "github.com/tendril-nas/tendril/examples/eas/internal/eas"

func main() { eas.Program().Main() }
