package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/data"
)

// ask sends a body to a handler.
func ask(h http.Handler, method, path string, body []byte) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, bytes.NewReader(body)))
	return w
}

// picture is an image of a class as a client sends it.
func picture(t testing.TB, class string) []byte {
	t.Helper()
	img, err := data.Picture(colours(t, 1, 0, class), 0)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// headerOf is the beginning of a PNG image of a size, and nothing more.
func headerOf(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	header := b.Bytes()[:33] // signature and IHDR
	binary.BigEndian.PutUint32(header[16:], uint32(width))
	binary.BigEndian.PutUint32(header[20:], uint32(height))
	binary.BigEndian.PutUint32(header[29:], crc32.ChecksumIEEE(header[12:29]))
	return header
}

// Images are answered with the best classes by name, whatever else is sent with a status that says
// what is wrong.
func TestClassify(t *testing.T) {
	s := open(t, t.TempDir(), tiny())
	h := handler(s)
	if w := ask(h, http.MethodGet, "/healthz", nil); w.Code != http.StatusServiceUnavailable {
		t.Errorf("healthy without a model: %d %s", w.Code, w.Body)
	}
	if w := ask(h, http.MethodPost, "/", picture(t, "red")); w.Code != http.StatusServiceUnavailable ||
		w.Header().Get("Retry-After") == "" {
		t.Errorf("classified without a model: %d %s", w.Code, w.Body)
	}
	receive(t, s, colours(t, 16, 0, "red", "green", "blue"))
	for _, class := range []string{"red", "green", "blue"} {
		w := ask(h, http.MethodPost, "/?k=2", picture(t, class))
		var a answer
		if err := json.NewDecoder(w.Body).Decode(&a); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: status %d: %v", class, w.Code, err)
		}
		if len(a.Classes) != 2 || a.Classes[0].Name != class ||
			a.Classes[0].Probability < a.Classes[1].Probability {
			t.Errorf("%s: %+v", class, a)
		}
	}
	const post, tooLarge = http.MethodPost, http.StatusRequestEntityTooLarge
	for name, c := range map[string]struct {
		method, path string
		body         []byte
		want         int
	}{
		"health":                   {http.MethodGet, "/healthz", nil, http.StatusOK},
		"all classes":              {post, "/?k=100", picture(t, "red"), http.StatusOK},
		"no classes":               {post, "/?k=0", picture(t, "red"), http.StatusBadRequest},
		"not a number":             {post, "/?k=x", picture(t, "red"), http.StatusBadRequest},
		"text":                     {post, "/", []byte("no image"), http.StatusUnsupportedMediaType},
		"half an image":            {post, "/", picture(t, "red")[:60], http.StatusBadRequest},
		"many bytes":               {post, "/", make([]byte, maxUpload+1), tooLarge},
		"many pixels in few bytes": {post, "/", headerOf(t, 1<<13, 1<<13), tooLarge},
		"more than it can hold":    {post, "/", headerOf(t, 1<<12, 1<<12), http.StatusBadRequest},
		"get":                      {http.MethodGet, "/", nil, http.StatusMethodNotAllowed},
		"elsewhere":                {post, "/batch", nil, http.StatusNotFound},
	} {
		if w := ask(h, c.method, c.path, c.body); w.Code != c.want {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, c.want)
		}
	}
	if got := s.metrics.requests.Value(); got != 4+8 {
		t.Errorf("%d requests counted", got)
	}
	if got := s.metrics.errors.Value(); got != 1+7 {
		t.Errorf("%d errors counted", got)
	}
}

var quiet = slog.New(slog.DiscardHandler)

// startEndpoint has a handler answer on a port of this machine until the test ends.
func startEndpoint(t *testing.T, h http.Handler, to timeouts) (address string, end func() error) {
	t.Helper()
	e, err := bind("127.0.0.1:0", to, quiet)
	if err != nil {
		t.Fatal(err)
	}
	address = e.handle(h)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.serve(ctx) }()
	return address, func() error { cancel(); return <-done }
}

// Clients that send half a request, or nothing more after one, do not keep their connections.
func TestStalledClientsAreCutOff(t *testing.T) {
	s := open(t, t.TempDir(), tiny())
	short := 50 * time.Millisecond
	address, end := startEndpoint(t, handler(s), timeouts{Header: short, Read: short, Write: time.Minute,
		Idle: short, Drain: time.Minute})
	const each = 250
	var conns []net.Conn
	for i := range 2 * each {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		half := "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf"
		switch i % 3 {
		case 1:
			half = "POST / HTTP/1.1\r\nHost:"
		case 2:
			half = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
		}
		if _, err := io.WriteString(c, half); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	for i, c := range conns {
		// The server closes: reading ends, without a deadline of ours.
		if _, err := io.ReadAll(c); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("connection %d: %v", i, err)
		}
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

// At the end a request in flight gets its answer, and new ones none.
func TestDrain(t *testing.T) {
	arrived, goOn := make(chan bool), make(chan bool)
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-goOn
		fmt.Fprint(w, "whole")
	})
	e, err := bind("127.0.0.1:0", clientTimeouts, quiet)
	if err != nil {
		t.Fatal(err)
	}
	address := e.handle(slow)
	ctx, cancel := context.WithCancel(t.Context())
	worked := errors.New("the work ended")
	done := make(chan error, 1)
	go func() {
		done <- beside(ctx, []*endpoint{e}, func(ctx context.Context) error {
			<-ctx.Done()
			return worked
		})
	}()
	answer := make(chan string, 1)
	go func() {
		r, err := http.Get("http://" + address)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		answer <- string(text) + fmt.Sprint(err)
	}()
	<-arrived
	cancel()
	for { // until the port is given back
		c, err := net.Dial("tcp", address)
		if err != nil {
			break
		}
		c.Close()
	}
	close(goOn)
	if got := <-answer; got != "whole<nil>" {
		t.Errorf("request in flight: %q", got)
	}
	if err := <-done; !errors.Is(err, worked) {
		t.Errorf("ended with %v", err)
	}
}

// brokenListener fails when the first connection is accepted.
type brokenListener struct{ net.Listener }

var errBroken = errors.New("network is down")

func (brokenListener) Accept() (net.Conn, error) { return nil, errBroken }

// A listener that fails ends the work, with its error.
func TestFailingListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := newEndpoint(brokenListener{l}, clientTimeouts, quiet)
	e.handle(http.NotFoundHandler())
	err = beside(t.Context(), []*endpoint{{}, e}, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if !errors.Is(err, errBroken) || errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}
