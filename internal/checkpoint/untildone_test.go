package checkpoint

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestUntilDone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := UntilDone(ctx, strings.NewReader("abcd"))
	if n, err := io.ReadFull(r, make([]byte, 2)); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	cancel()
	if n, err := r.Read(make([]byte, 2)); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d bytes after the end, error %v", n, err)
	}
}
