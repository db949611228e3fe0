package kernel

//go:generate go run -C _gen . -family tile -pkg kernel -out ../tile_amd64.s -stubs ../tile_amd64.go
//go:generate go run -C _gen . -family channels -pkg kernel -out ../channels_amd64.s -stubs ../channels_amd64.go
//go:generate go run -C _gen . -family depthwise -pkg kernel -out ../depthwise_amd64.s -stubs ../depthwise_amd64.go
//go:generate go run -C _gen . -family flat -pkg kernel -out ../flat_amd64.s -stubs ../flat_amd64.go
//go:generate go run -C _gen . -family pooling -pkg kernel -out ../pooling_amd64.s -stubs ../pooling_amd64.go
//go:generate go run -C _gen . -family recurrent -pkg kernel -out ../recurrent_amd64.s -stubs ../recurrent_amd64.go
//go:generate go run -C _gen . -family softmax -pkg kernel -out ../softmax_amd64.s -stubs ../softmax_amd64.go
