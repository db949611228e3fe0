package eas

import (
	"context"
)

// supernetPhase names the file of the supernet.
const supernetPhase = "supernet"

// train trains the supernet.
func (e *engine) train(ctx context.Context) (err error) {
	e.net, err = e.trained(ctx)
	if err != nil {
		return err
	}
	if e.choose, err = e.judgesOn(e.images.choose); err != nil {
		return err
	}
	e.test, err = e.judgesOn(e.images.test)
	return err
}
