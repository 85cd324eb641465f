// Top-words prints the most frequent words of standard input. Nothing in it asks for a static binary: the guard does.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/user"
	"sort"
	"strings"
)

func main() {
	counts := map[string]int{}
	words := bufio.NewScanner(os.Stdin)
	words.Split(bufio.ScanWords)
	for words.Scan() {
		counts[strings.ToLower(strings.Trim(words.Text(), ".,;:!?\"()"))]++
	}
	if err := words.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "top-words:", err)
		os.Exit(1)
	}
	// os/user is what makes this program dynamic as soon as a C compiler is there and cgo is on.
	if who, err := user.Current(); err == nil {
		fmt.Printf("counted for %s\n", who.Username)
	}
	list := make([]string, 0, len(counts))
	for word := range counts {
		list = append(list, word)
	}
	sort.Slice(list, func(i, j int) bool {
		if counts[list[i]] != counts[list[j]] {
			return counts[list[i]] > counts[list[j]]
		}
		return list[i] < list[j]
	})
	for _, word := range list[:min(10, len(list))] {
		fmt.Printf("%6d %s\n", counts[word], word)
	}
}
