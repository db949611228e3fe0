package main

import (
	"fmt"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// What the primary endpoints ask for.
const (
	withinPoints = 1.0 // of the largest network's accuracy
	shareOfMAdds = 0.5 // of the largest network's multiply-adds
	floorPoints  = 0.5 // nowhere further below the smallest network
)

// answers says in sentences how the primary endpoints came out on a data set.
func (t tables) answers(d dataSet) string {
	return t.besideSmallest(d) + t.besideLargest(d) + t.secondLook(d)
}

// secondLook says, where seeds were added after the planned ones had been looked at, what those had
// shown, and gives the interval of all of them that bears a second look.
func (t tables) secondLook(d dataSet) string {
	x := t.Differences(d.arm(ours), d.arm(smallest), finalAccuracy)
	if d.first == 0 || len(x) <= d.first {
		return ""
	}
	mean, half := cells.IntervalAt(x, 1-(1-0.95)/2)
	return fmt.Sprintf("- %s was planned with %d seeds, and those gave %s beside fixed smallest. The further seeds "+
		"were added after that had been looked at. Two looks at one question find something in noise more often "+
		"than one does; the 97.5 %% interval over all seeds, which makes up for that, is %+.2f to %+.2f.\n",
		d.title, d.first, points(x[:d.first], d.first), mean-half, mean+half)
}

func (t tables) besideSmallest(d dataSet) string {
	x := t.Differences(d.arm(ours), d.arm(smallest), finalAccuracy)
	head := fmt.Sprintf("- %s, final accuracy of AdaXpert less that of fixed smallest, points: ", d.title)
	if len(x) == 0 {
		return head + cells.NotRun + ".\n"
	}
	return head + fmt.Sprintf("%s. %s%s.\n", points(x, t.Planned(d.arm(ours))),
		clear(x, "AdaXpert is more accurate", "AdaXpert is less accurate"), besideFloor(stat.Mean(x, nil)))
}

// clear says where the interval of a contrast lies, and what that means on either side of zero.
func clear(x []float64, above, below string) string {
	switch sign := cells.Sign(x); {
	case len(x) < 2:
		return "One seed has no interval"
	case sign > 0:
		return "The interval is clear of zero, " + above
	case sign < 0:
		return "The interval is clear of zero, " + below
	}
	return "The interval includes zero, no difference is shown"
}

// besideFloor says how far a point estimate is below zero, if it is.
func besideFloor(mean float64) string {
	switch {
	case mean < -floorPoints:
		return "; the point estimate is more than half a point below"
	case mean < 0:
		return "; the point estimate is no more than half a point below"
	}
	return "; the point estimate is not below"
}

func (t tables) besideLargest(d dataSet) string {
	x := t.Differences(d.arm(ours), d.arm(largest), finalAccuracy)
	head := fmt.Sprintf("- %s, final accuracy of AdaXpert less that of fixed largest, points: ", d.title)
	if len(x) == 0 {
		return head + cells.NotRun + ".\n"
	}
	share := stat.Mean(t.ratios(d.arm(ours), d.arm(largest), finalMAdds), nil)
	return head + fmt.Sprintf("%s, at %.2f times the multiply-adds. %s.\n",
		points(x, t.Planned(d.arm(ours))), share, nearLargest(x, share))
}

// nearLargest says whether accuracies are within one point of the largest network's, and at what
// part of its multiply-adds.
func nearLargest(x []float64, share float64) string {
	mean, half := cells.Interval(x)
	near, cheap := mean >= -withinPoints, share <= shareOfMAdds
	text := "The endpoint is not met"
	if near && cheap {
		text = "The endpoint is met"
	}
	text += ": as point estimates, "
	if near {
		text += "within one point"
	} else {
		text += "more than one point below"
	}
	if cheap {
		text += " at no more than half the multiply-adds"
	} else {
		text += " at more than half the multiply-adds"
	}
	switch {
	case len(x) < 2:
		return text + "; one seed has no interval"
	case mean-half >= -withinPoints:
		return text + "; the whole interval is within one point or above"
	case mean+half < -withinPoints:
		return text + "; the whole interval is more than one point below"
	}
	return text + "; the interval reaches further below than one point"
}
