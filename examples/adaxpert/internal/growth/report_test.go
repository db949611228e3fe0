package growth

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

func TestReportSchema(t *testing.T) {
	r := &Report{Snapshots: []SnapshotReport{{Decision: First,
		Seconds: map[string]float64{SecondsSupernet: 2, SecondsAdjuster: 1, SecondsRetrain: 9}}}}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Snapshots []map[string]any `json:"snapshots"`
		Final     map[string]any   `json:"final"`
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	want := []string{"acc_after", "acc_before", "arch_after", "arch_before", "classes", "d", "decision", "h",
		"images", "madds_after", "madds_before", "seconds"}
	if got := slices.Sorted(maps.Keys(v.Snapshots[0])); !slices.Equal(got, want) {
		t.Errorf("snapshot keys %v", got)
	}
	want = []string{"arch", "madds", "test_accuracy"}
	if got := slices.Sorted(maps.Keys(v.Final)); !slices.Equal(got, want) {
		t.Errorf("final keys %v", got)
	}
	if _, ok := v.Snapshots[0]["seconds"].(map[string]any); !ok {
		t.Error("seconds is no object")
	}
	if r.SearchSeconds() != 3 {
		t.Errorf("search took %v s", r.SearchSeconds())
	}
	if c := r.WithoutSeconds(); c.Snapshots[0].Seconds != nil || r.Snapshots[0].Seconds == nil {
		t.Error("WithoutSeconds kept the seconds or changed the original")
	}
}
