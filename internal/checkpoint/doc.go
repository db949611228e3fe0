// Package checkpoint reads and writes the files in which Tendril keeps state: one file per
// checkpoint, replaced atomically, checked by a SHA-256 digest when it is read back.
//
// A checkpoint is a safetensors container. Its tensors hold the weights (and whatever else is
// large), the string map __metadata__ holds the rest: "kind" and "version" say what is inside,
// "meta" is the JSON text of the caller's struct and "sha256" is the digest, in lower-case hex, of
// header and data with the 64 digits themselves read as zeros. Any safetensors reader opens the
// file.
//
//	err := checkpoint.Write("net.ckpt", "supernet", 1, meta, map[string]checkpoint.Tensor{
//		"stem.weight": checkpoint.Of([]int{3, 3, 3, 16}, weights),
//	})
//	tensors, err := checkpoint.Read("net.ckpt", "supernet", 1, &meta)
//	stem, err := checkpoint.Get[float32](tensors, "stem.weight", 3, 3, 3, 16)
//
// A damaged file of whatever length gives an error that wraps [ErrCorrupt] and names the file and
// the byte offset; it never panics and never makes the reader allocate more than a small multiple
// of the file's size.
//
// Tensors are streamed through a small buffer in both directions, so that nothing but the tensors
// themselves is ever held in memory. Functions are safe for concurrent use; two concurrent writers
// to the same path both succeed and one of the two complete files remains. Encoding is
// deterministic: equal input gives equal bytes.
package checkpoint
