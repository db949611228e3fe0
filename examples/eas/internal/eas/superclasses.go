package eas

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/generator"
)

// The superclasses of Tiny ImageNet, ten of six classes each by their WordNet numbers, and of the
// embedded images.
var (
	//go:embed data/tinyimagenet.json
	tinyImageNet []byte
	//go:embed data/fashion.json
	fashionSuperclasses []byte
)

// superclassesOf are the superclasses of a run.
func superclassesOf(cfg *Config) ([]generator.Superclass, error) {
	text := fashionSuperclasses
	switch {
	case cfg.Superclasses != "":
		var err error
		if text, err = os.ReadFile(cfg.Superclasses); err != nil {
			return nil, fmt.Errorf("-superclasses: %w", err)
		}
	case cfg.Data != "":
		text = tinyImageNet
	}
	list, err := generator.ReadSuperclasses(bytes.NewReader(text))
	if err == nil {
		err = suit(list)
	}
	if err != nil && cfg.Superclasses != "" {
		err = fmt.Errorf("-superclasses %s: %w", cfg.Superclasses, err)
	}
	return list, err
}

// suit reports superclasses that nothing can be chosen in, or that -query could not name.
func suit(list []generator.Superclass) error {
	for _, s := range list {
		switch {
		case len(s.Classes) < 2:
			return fmt.Errorf("superclass %q has one class, expected at least two", s.Name)
		case strings.ContainsAny(s.Name, ",+") || strings.TrimSpace(s.Name) != s.Name:
			return fmt.Errorf("superclass %q, expected a name without comma, plus sign and space around it, "+
				"which divide queries", s.Name)
		}
	}
	return nil
}

// number finds the classes of superclasses in a list of classes: their numbers in the order of the
// superclasses, and for each superclass the numbers that its classes have in that order.
func number(list []generator.Superclass, classes []string) (labels []int, groups [][]int, err error) {
	for _, s := range list {
		var group []int
		for _, name := range s.Classes {
			i := slices.Index(classes, name)
			if i < 0 {
				return nil, nil, fmt.Errorf("the images have no class %q of superclass %q; -superclasses names a "+
					"file that says which class belongs to which superclass", name, s.Name)
			}
			group, labels = append(group, len(labels)), append(labels, i)
		}
		groups = append(groups, group)
	}
	return labels, groups, nil
}

// superclassOf is the superclass of every class of the network.
func superclassOf(groups [][]int) []int {
	var out []int
	for k, group := range groups {
		for range group {
			out = append(out, k)
		}
	}
	return out
}
