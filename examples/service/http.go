package main

import (
	"encoding/json"
	"image"
	_ "image/jpeg" // formats that clients may send
	_ "image/png"
	"net/http"
)

// maxUpload bounds an image sent to the service, in bytes as sent.
const maxUpload = 8 << 20

// answer is what the service says about an image.
type answer struct {
	Class       string  `json:"class"`
	Probability float32 `json:"probability"`
}

// ServeHTTP classifies the JPEG or PNG image in the body of a POST.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "want a POST with an image", http.StatusMethodNotAllowed)
		return
	}
	img, _, err := image.Decode(http.MaxBytesReader(w, r.Body, maxUpload))
	if err != nil {
		http.Error(w, "image: "+err.Error(), http.StatusBadRequest)
		return
	}
	class, p, err := s.Classify(img)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer{class, p}); err != nil {
		return // the client has gone
	}
}
