//! Do the ways in which a Go build is not what it seems get the right verdict, by the right rule?
//!
//! Each is a real build that ends with 0 without the guard; see the fixtures' `expect.toml`.

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
