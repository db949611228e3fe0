package main

import "github.com/tendril-nas/tendril/examples/eatnas/internal/eatnas"

func main() { eatnas.Program().Main() }
