//go:build !amd64 || noasm || purego

package kernel

func best() Path { return Go }
