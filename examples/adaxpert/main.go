package main

import "github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"

func main() { growth.Program().Main() }
