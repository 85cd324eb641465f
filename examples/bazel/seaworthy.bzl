"""Checks that a program runs where the policy says, as a validation action.

One file and one policy go in, one report comes out: nothing else is read, so Bazel caches the verdict and may have it made by
another machine. Whoever builds the target, or anything that needs it, gets the verdict with it; the program itself is not held
up while the check runs beside.
"""

def _seaworthy_check_impl(ctx):
    report = ctx.actions.declare_file(ctx.label.name + ".seaworthy.json")
    ctx.actions.run(
        mnemonic = "Seaworthy",
        progress_message = "Checking where %s runs" % ctx.file.binary.short_path,
        executable = ctx.executable._seaworthy,
        arguments = [
            "--policy",
            ctx.file.policy.path,
            "--report",
            "json=" + report.path,
            "--quiet",
            "check",
            ctx.file.binary.path,
        ],
        inputs = [ctx.file.binary, ctx.file.policy],
        outputs = [report],
    )
    return [
        DefaultInfo(files = depset([ctx.file.binary])),
        OutputGroupInfo(_validation = depset([report])),
    ]

seaworthy_check = rule(
    implementation = _seaworthy_check_impl,
    doc = "Stands for `binary` and fails the build when it would not run where `policy` says.",
    attrs = {
        "binary": attr.label(allow_single_file = True, mandatory = True),
        "policy": attr.label(allow_single_file = [".toml"], mandatory = True),
        "_seaworthy": attr.label(
            default = "@seaworthy//:seaworthy",
            allow_single_file = True,
            cfg = "exec",
            executable = True,
        ),
    },
)

def _seaworthy_from_path_impl(repository_ctx):
    program = repository_ctx.which("seaworthy")
    if program == None:
        fail("`seaworthy` is not on the PATH")
    repository_ctx.symlink(program, "seaworthy")
    repository_ctx.file("BUILD", "exports_files([\"seaworthy\"])\n")

seaworthy_from_path = repository_rule(
    implementation = _seaworthy_from_path_impl,
    doc = "Makes `@seaworthy//:seaworthy` of the program on the PATH.",
    environ = ["PATH"],
    local = True,
)
