module example.org/host-name

go 1.22
