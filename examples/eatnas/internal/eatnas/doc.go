// Package eatnas is the program examples/eatnas: a search on a small task, what it found carried
// over to a search on a large one, and what is compared with that.
package eatnas
