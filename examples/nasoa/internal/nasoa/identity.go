package nasoa

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/tendril-nas/tendril/zoo"
)

// Identity tells zoos apart: a digest of all that the run in a folder knows of its models, the
// digests of their weights and their times included, and of what belongs to them. Models of two
// zoos have the same names, so that names tell nothing.
func Identity(dir string) (string, error) {
	l, err := readLibrary(dir)
	if err != nil {
		return "", err
	}
	z, err := zoo.Open(filepath.Join(dir, zooFolder), nil)
	if err != nil {
		return "", err
	}
	if z.Len() == 0 {
		return "", fmt.Errorf("%s: no model in its zoo", dir)
	}
	text, err := json.Marshal(struct {
		Library *library
		Models  []zoo.Entry
	}{l, z.Entries()})
	if err != nil {
		return "", err
	}
	return shortDigest(text), nil
}

func shortDigest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
