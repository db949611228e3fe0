package growth

import (
	"encoding/json"
	"maps"
	"slices"
)

// flatten maps the JSON names of a configuration's settings, nested ones joined by dots, to their JSON text.
func flatten(c *Config) map[string]string {
	data, err := json.Marshal(c)
	if err != nil {
		return map[string]string{"configuration": err.Error()}
	}
	out := map[string]string{}
	flattenInto(out, "", data)
	return out
}

func flattenInto(out map[string]string, prefix string, data []byte) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil || fields == nil {
		out[prefix] = string(data)
		return
	}
	for k, v := range fields {
		if prefix != "" {
			k = prefix + "." + k
		}
		flattenInto(out, k, v)
	}
}

func keysOf(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
