// Package logistic fits multinomial logistic regression with an L2 penalty: the linear classifier
// that is best on features that stay as they are.
//
//	p, err := logistic.New(data, rows)         // the examples that it is fitted to
//	fit, err := p.Minimize(ctx, 0.01, nil)     // of one strength
//	weights, bias := p.Weights(fit)            // for the features as they came
//
// The loss of weights W and biases b is
//
//	J = (1/n)·Σ_i −log softmax(z_i·W + b)[y_i] + (strength/2)·‖W‖²
//
// over features z = (x − mean)/deviation, so that one strength suits all of them, whatever their
// units. Biases are free. J is convex, and with a strength above 0 its W is unique; biases are but
// for a constant, and theirs sum to 0. A feature that does not vary gets weight 0.
//
// The minimum is found by L-BFGS (Liu and Nocedal, "On the limited memory BFGS method for large
// scale optimization", 1989) of gonum, in float64. Examples are summed in parts that depend on
// their number alone, so that results are the same for every number of processors.
package logistic
