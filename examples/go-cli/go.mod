module example.org/top-words

go 1.22
