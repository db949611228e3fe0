package tensor

import "math"

// Act is an elementwise activation.
type Act uint8

// The activations. HSigmoid is relu6(x+3)/6, HSwish x·HSigmoid(x), Swish x·sigmoid(x).
const (
	ActNone Act = iota
	ActReLU
	ActReLU6
	ActHSwish
	ActHSigmoid
	ActSwish
	ActSigmoid
	ActTanh
)

var actNames = [...]string{"none", "relu", "relu6", "hswish", "hsigmoid", "swish", "sigmoid", "tanh"}

// String is the name in lower case without separators: "hswish".
func (a Act) String() string {
	if int(a) < len(actNames) {
		return actNames[a]
	}
	return "unknown"
}

// Apply is the activation of one number. Backends agree with it within rounding.
func (a Act) Apply(x float32) float32 {
	switch a {
	case ActReLU:
		return max(x, 0)
	case ActReLU6:
		return min(max(x, 0), 6)
	case ActHSwish:
		return x * (min(max(x+3, 0), 6) / 6)
	case ActHSigmoid:
		return min(max(x+3, 0), 6) / 6
	case ActSwish:
		return float32(float64(x) * sigmoid(float64(x)))
	case ActSigmoid:
		return float32(sigmoid(float64(x)))
	case ActTanh:
		return float32(math.Tanh(float64(x)))
	}
	return x
}

// Slope is the derivative at x. At the kinks it is the usual choice of automatic differentiation:
// ReLU 0 at 0, ReLU6 0 at 0 and 6, HSigmoid 0 at −3 and 3, and so HSwish x·0 + HSigmoid(x): 0 at −3
// and 1 at 3.
func (a Act) Slope(x float32) float32 {
	switch a {
	case ActReLU:
		if x > 0 {
			return 1
		}
		return 0
	case ActReLU6:
		if x > 0 && x < 6 {
			return 1
		}
		return 0
	case ActHSwish:
		if x > -3 && x < 3 {
			return (2*x + 3) / 6
		}
		return min(max(x+3, 0), 6) / 6
	case ActHSigmoid:
		if x > -3 && x < 3 {
			return 1.0 / 6
		}
		return 0
	case ActSwish:
		s := sigmoid(float64(x))
		return float32(s * (1 + float64(x)*(1-s)))
	case ActSigmoid:
		s := sigmoid(float64(x))
		return float32(s * (1 - s))
	case ActTanh:
		t := math.Tanh(float64(x))
		return float32(1 - t*t)
	}
	return 1
}

func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}
