//! Do the ways in which a Go build is not what it seems get the right verdict, by the right rule?
//!
//! Each is a real build that ends with 0 without the guard; see the fixtures' `expect.toml`.

use crate::support::{Scratch, shared};

guarded_builds! { "go-hello":
    without_cgo_is_static = "default",
    position_independent_needs_a_loader = "pie",
    position_independent_by_goflags_too = "pie-by-goflags",
}

guarded_builds! { "go-net":
    net_without_cgo_is_static = "default",
    net_with_cgo_is_dynamic = "cgo",
    netgo_and_osusergo_take_cgo_out = "cgo-with-tags",
    extldflags_without_external_linking_do_nothing = "extldflags-ignored",
    static_glibc_still_loads_its_resolver = "external-static",
}

guarded_builds! { "go-cgo":
    cgo_is_dynamic = "cgo",
    external_static_pie_is_static = "static-pie",
    external_static_is_static_but_not_pie = "pie-but-static",
    musl_gcc_alone_is_dynamic = "musl-gcc",
    musl_gcc_with_static_is_static = "musl-gcc-static",
    static_by_cgo_ldflags = "musl-gcc-cgo-ldflags",
    zig_is_static_without_being_asked = "zig",
    cgo_static_is_enforced = "enforced",
}

#[test]
fn a_plugin_has_the_thread_local_storage_of_the_program_that_opens_it() {
    requires!("go", "gcc", "musl-gcc");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/it\n\ngo 1.21\n");
    scratch.write("plug/main.go", "package main\n\nfunc Hello() { println(\"hello\") }\n\nfunc main() {}\n");
    let opens = "\tplug, err := plugin.Open(\"plug.so\")\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\thello, _ := plug.Lookup(\"Hello\")\n\thello.(func())()\n";
    let host = format!("package main\n\nimport \"plugin\"\n\nfunc main() {{\n{opens}}}\n");
    scratch.write("host/main.go", host);
    scratch.write("seaworthy.toml", "linkage = \"any\"\ngo.cgo = \"allow\"\nruns-on = [\"alpine:3.20\"]\n");
    let cache = shared("gocache");
    let plug = scratch.seaworthy().env("CGO_ENABLED", "1").env("GOCACHE", &cache);
    let done = plug.args(["go", "build", "-buildmode=plugin", "-o", "plug.so", "./plug"]).run().expect_code(0);
    done.expect_stderr("runs on alpine:3.20");
    let host = scratch.program("go").env("CGO_ENABLED", "1").env("CC", "musl-gcc").env("GOCACHE", &cache);
    host.args(["build", "-o", "host.musl", "./host"]).run().expect_code(0);
    scratch.program("./host.musl").run().expect_code(0).expect_stderr("hello");
}
