package main

import "github.com/tendril-nas/tendril/examples/transfer/internal/transfer"

func main() { transfer.Program().Main() }
