package zoo

import _ "golang.org/x/exp/mmap"
