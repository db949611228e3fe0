package main

import (
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
)

// TestStudies runs both studies as small as they get.
func TestStudies(t *testing.T) {
	place := t.TempDir()
	if err := stripes.Write(place, 12, 240, 40); err != nil {
		t.Fatal(err)
	}
	args := strings.Fields("-volumes 50,100 -val 0.25 -width 0.2 -supernet-epochs 1 -supernet-later-epochs 1 " +
		"-supernet-steps 1 -retrain-epochs 1 -retrain-later-epochs 1 -retrain-steps 1 " +
		"-iterations 10 -candidates 2 -reward-images 20 -calibration 20")
	study := func(s study, args []string) result {
		t.Helper()
		r, err := studyCell("", "", nil, s).Run(t.Context(), run.NewJob(t.TempDir(), nil, nil), args, place)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := study(policyStudy, args)
	if len(r.Learnt) != 5 || len(r.Learnt[4].Rewards) != 10 || r.Learnt[0].EntropyFirst <= 0 {
		t.Errorf("policy: %+v", r.Learnt)
	}
	if r.Learnt[0].Random == r.Learnt[1].Random && r.Learnt[1].Random == r.Learnt[2].Random {
		t.Error("random search finds the same from every seed")
	}
	r = study(rankStudy, args)
	seen := map[string]bool{}
	for _, n := range r.Ranked {
		seen[n.Arch] = true
		if n.Inherited <= 0 || n.Retrained <= 0 || n.MAdds <= 0 {
			t.Errorf("rank: %+v", n)
		}
	}
	if len(seen) != 12 {
		t.Errorf("%d different architectures", len(seen))
	}
}
