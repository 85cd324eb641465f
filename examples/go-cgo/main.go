// Host-name asks the C library for the name of the machine.
package main

// #include <unistd.h>
import "C"

import (
	"fmt"
	"os"
)

func main() {
	var name [256]C.char
	if code, err := C.gethostname(&name[0], C.size_t(len(name))); code != 0 {
		fmt.Fprintln(os.Stderr, "host-name:", err)
		os.Exit(1)
	}
	fmt.Println(C.GoString(&name[0]))
}
