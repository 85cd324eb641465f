#!/usr/bin/env bash
# constructed.sh DIRECTORY RUST-LLD   makes the files of tests/hosts/constructed.rs. Every program returns 42 when it runs.
set -euo pipefail
mkdir -p "$1"
cd "$1"
lld=$2
echo 'int main(void) { return 42; }' > main.c
echo 'int own(void) { return 42; }' > own.c
echo 'int own(void); int main(void) { return own(); }' > uses_own.c
cat > table.c <<'E2'
int own(void) { return 42; }
int (*const table[])(void) = {own, own};
int main(int count, char **arguments) { return table[count & 1](); }
E2

gcc main.c -o plain
gcc main.c -static -o static
gcc main.c -static-pie -o static-pie
echo 'int main(void) { return 1; }' > exits.c && gcc exits.c -o exits
cp plain unused-need
cp plain weak-need
gcc -pie -fPIE table.c -Wl,-z,pack-relative-relocs -o relr-marked
mkdir -p lld && ln -sf "$lld" lld/ld.lld
gcc -pie -fPIE table.c -fuse-ld=lld -B lld -Wl,--pack-dyn-relocs=relr -o relr-unmarked
musl-gcc -pie -fPIE table.c -fuse-ld=lld -B lld -Wl,--pack-dyn-relocs=relr -o musl-relr

# Stubs stand for libraries of another time: only their names and versions matter.
stub() { # NAME SONAME SYMBOL
  echo "int $3(void) { return 0; }" > "$1.c"
  ${CC:-gcc} -shared -fPIC -fno-builtin -nostdlib "$1.c" -Wl,-soname,"$2" -o "$1.so"
}
libc_stub() { # NAME SYMBOL VERSION: instead of the C library, with the oldest start-up
  echo "int $2(void) { return 0; } int __libc_start_main(void) { return 0; }" > "$1.c"
  echo "GLIBC_2.2.5 { global: __libc_start_main; local: *; }; $3 { global: $2; };" > "$1.map"
  gcc -shared -fPIC -nostdlib -fno-builtin "$1.c" -Wl,-soname,libc.so.6 -Wl,--version-script="$1.map" -o "$1.so"
}
uses() { echo "int $1(void); int main(int count, char **arguments) { return count > 5 ? $1() : 42; }"; }
for symbol in __libc_dlopen_mode __libc_fatal; do
  libc_stub "stub-$symbol" "$symbol" GLIBC_PRIVATE
  uses "$symbol" > "private-$symbol.c"
  gcc -nodefaultlibs "private-$symbol.c" "stub-$symbol.so" -o "private-$symbol"
done
libc_stub stub-strlcpy strlcpy GLIBC_2.38
uses strlcpy > strlcpy.c
gcc -fno-builtin -nodefaultlibs strlcpy.c stub-strlcpy.so -o newer-symbol
for symbol in __memcpy_chk gnu_get_libc_version __res_init; do
  CC=musl-gcc stub "musl-stub-$symbol" libc.musl-x86_64.so.1 "$symbol"
  uses "$symbol" > "musl-$symbol.c"
  musl-gcc -fno-builtin "musl-$symbol.c" "musl-stub-$symbol.so" -o "musl-$symbol"
done
musl-gcc main.c -o musl-plain
uses fopen64 > musl-fopen64.c
CC=musl-gcc stub musl-stub-fopen64 libc.musl-x86_64.so.1 fopen64
musl-gcc -fno-builtin musl-fopen64.c musl-stub-fopen64.so -o musl-fopen64

# The variable that libc exports for its own libraries alone, and Alpine's other name of the loader.
echo 'extern __thread int errno; int get(void) { return errno; }' > errno.c
echo '__thread int errno;' > stub-errno.c && gcc -shared -fPIC -nostdlib stub-errno.c -Wl,-soname,libc.so.6 -o stub-errno.so
gcc -shared -fPIC -nostdlib -ftls-model=initial-exec errno.c stub-errno.so -o errno.so
musl-gcc main.c -Wl,--dynamic-linker=/lib/libc.musl-x86_64.so.1 -o musl-other-loader

# Search paths: a child below sub/, asked for by a parent.
chain() { # DIRECTORY COMPILER PARENT-FLAGS MAIN-FLAGS
  mkdir -p "$1/sub"
  "$2" -shared -fPIC own.c -Wl,-soname,libchild.so -o "$1/sub/libchild.so"
  echo 'int own(void); int parent(void) { return own(); }' > parent.c
  "$2" -shared -fPIC parent.c $3 -Wl,-soname,libparent.so -L"$1/sub" -lchild -o "$1/libparent.so"
  echo 'int parent(void); int main(void) { return parent(); }' > uses_parent.c
  "$2" uses_parent.c $4 -L"$1" -lparent -Wl,-rpath-link,"$1/sub" -o "$1/main"
}
new=-Wl,--enable-new-dtags old=-Wl,--disable-new-dtags
for compiler in gcc musl-gcc; do
  p=${compiler%gcc}
  chain "${p}runpath-of-parent" $compiler "$new -Wl,-rpath,\$ORIGIN/sub" "$new -Wl,-rpath,\$ORIGIN"
  chain "${p}runpath-of-main" $compiler "" "$new -Wl,-rpath,\$ORIGIN:\$ORIGIN/sub"
  chain "${p}rpath-of-main" $compiler "" "$old -Wl,-rpath,\$ORIGIN:\$ORIGIN/sub"
  chain "${p}missing-child" $compiler "$new -Wl,-rpath,\$ORIGIN/sub" "$new -Wl,-rpath,\$ORIGIN"
  rm "${p}missing-child/sub/libchild.so"
  chain "${p}other-machine" $compiler "$new -Wl,-rpath,\$ORIGIN/wrong:\$ORIGIN/sub" "$new -Wl,-rpath,\$ORIGIN"
  mkdir -p "${p}other-machine/wrong"
  cp "${p}other-machine/sub/libchild.so" "${p}other-machine/wrong/"
  chain "${p}not-elf" $compiler "$new -Wl,-rpath,\$ORIGIN/wrong:\$ORIGIN/sub" "$new -Wl,-rpath,\$ORIGIN"
  mkdir -p "${p}not-elf/wrong"
  echo 'INPUT(libchild.so.1)' > "${p}not-elf/wrong/libchild.so"
  $compiler -shared -fPIC own.c -o "${p}plain-library.so"
  # The program provides what the library leaves open.
  mkdir -p "${p}provided"
  echo 'int own(void); int ask(void) { return own(); }' > ask.c
  $compiler -shared -fPIC ask.c -o "${p}provided/libask.so"
  echo 'int ask(void); int own(void) { return 42; } int main(void) { return ask(); }' > provides.c
  $compiler -rdynamic provides.c -L"${p}provided" -lask -Wl,-rpath,'$ORIGIN' -o "${p}provided/main"
  cp "${p}provided/libask.so" "${p}needs-program.so"
  # The same beside a library of the system's, of which a table knows no symbols.
  mkdir -p "${p}provided-beside" && cp "${p}provided/libask.so" "${p}provided-beside/"
  CC=$compiler stub "${p}stub-z" libz.so.1 zlibVersion
  $compiler -rdynamic provides.c -L"${p}provided-beside" -lask -Wl,--no-as-needed "${p}stub-z.so" -Wl,-rpath,'$ORIGIN' -o "${p}provided-beside/main"
  # Thread-local storage of what comes late.
  for size in 64 8000; do
    echo "__thread char big[$size]; char *touch(int at) { return &big[at]; }" > tls.c
    $compiler -shared -fPIC -ftls-model=initial-exec tls.c -o "${p}tls-$size.so"
  done
  # Aligned to more than a program keeps it, and of others: the storage of whoever defines it counts, and the sum of all.
  echo '__thread char big[8] __attribute__((aligned(256))); char *touch(int at) { return &big[at]; }' > tls-aligned.c
  $compiler -shared -fPIC -ftls-model=initial-exec tls-aligned.c -o "${p}tls-aligned.so"
  $compiler -shared -fPIC tls-aligned.c -o "${p}tls-aligned-general.so"
  for size in 8 3000; do
    mkdir -p "${p}tls-of-other-$size"
    echo "__thread char other[$size]; __thread char far[6000];" > tls-defines.c
    [ $size = 3000 ] || echo '__thread char other[8];' > tls-defines.c
    $compiler -shared -fPIC tls-defines.c -Wl,-soname,libdefines.so -o "${p}tls-of-other-$size/libdefines.so"
    echo 'extern __thread char other[] __attribute__((tls_model("initial-exec"))); __thread char own[6000];
      char *touch(int at) { return &other[at]; } char *mine(int at) { return &own[at]; }' > tls-uses.c
    $compiler -shared -fPIC tls-uses.c "${p}tls-of-other-$size/libdefines.so" -Wl,-rpath,'$ORIGIN' -o "${p}tls-of-other-$size/uses.so"
  done
  for case in sum same; do
    mkdir -p "${p}tls-$case"
    for number in 1 2 3 4 5 6; do
      name=big && [ $case = same ] || name=big$number
      echo "__thread char $name[480]; char *touch$number(int at) { return &$name[at]; }" > tls-part.c
      $compiler -shared -fPIC -ftls-model=initial-exec tls-part.c -Wl,-soname,lib$number.so -o "${p}tls-$case/lib$number.so"
    done
    $compiler -shared -fPIC own.c -Wl,--no-as-needed "${p}tls-$case"/lib?.so -Wl,-rpath,'$ORIGIN' -o "${p}tls-$case/all.so"
  done
  echo 'static int f(void) { return 1; } static void *pick(void) { return f; } int g(void) __attribute__((ifunc("pick")));
    int h(void) { return g(); }' > ifunc.c
  $compiler -shared -fPIC ifunc.c -o "${p}ifunc.so" || true
done

gcc -shared -fPIC own.c -Wl,-z,execstack -Wl,-soname,libstack.so -o execstack.so
mkdir -p execstack-needed && cp execstack.so execstack-needed/libstack.so
gcc uses_own.c -Lexecstack-needed -lstack -Wl,-rpath,'$ORIGIN' -o execstack-needed/main
cp -r execstack-needed execstack-both
gcc uses_own.c -Lexecstack-needed -lstack -Wl,-rpath,'$ORIGIN' -Wl,-z,execstack -o execstack-both/main

# A library whose versions are gone, or were never there, when the program asks for one.
mkdir -p versions-gone versions-other
echo 'V1 { global: own; local: *; };' > v1.map
echo 'V2 { global: own; local: *; };' > v2.map
for case in versions-gone versions-other; do
  gcc -shared -fPIC own.c -Wl,-soname,libv.so -Wl,--version-script=v1.map -o $case/libv.so
  gcc uses_own.c -L$case -lv -Wl,-rpath,'$ORIGIN' -o $case/main
done
gcc -shared -fPIC own.c -Wl,-soname,libv.so -o versions-gone/libv.so
gcc -shared -fPIC own.c -Wl,-soname,libv.so -Wl,--version-script=v2.map -o versions-other/libv.so

# What lies in the way of a library, and ways to it that lead elsewhere.
library() { # FILE [FLAG...]
  mkdir -p "$(dirname "$1")"
  $compiler -shared -fPIC -nostdlib -Wl,-soname,libway.so -o "$@"
}
for compiler in gcc musl-gcc; do
  p=${compiler%gcc}
  way() { # DIRECTORY RUN-PATH [FLAG...]: a program with its library, which lies in DIRECTORY itself
    library "$p$1/libway.so" own.c
    $compiler uses_own.c "$p$1/libway.so" -Wl,--enable-new-dtags,-rpath,"$2" "${@:3}" -o "$p$1/main"
  }
  way through-nothing '$ORIGIN/nowhere/..'
  way directory-in-the-way '$ORIGIN/first:$ORIGIN' && mkdir -p "${p}directory-in-the-way/first/libway.so"
  way circle-in-the-way '$ORIGIN/first:$ORIGIN' && mkdir -p "${p}circle-in-the-way/first"
  ln -sf libway.so "${p}circle-in-the-way/first/libway.so"
  way dangling-in-the-way '$ORIGIN/first:$ORIGIN' && mkdir -p "${p}dangling-in-the-way/first"
  ln -sf nothing "${p}dangling-in-the-way/first/libway.so"
  way lib-token '$ORIGIN/$LIB' && library "${p}lib-token/lib/x86_64-linux-gnu/libway.so" own.c && rm "${p}lib-token/libway.so"
  way other-lib-token '$ORIGIN/$LIB' && library "${p}other-lib-token/lib64/libway.so" own.c && rm "${p}other-lib-token/libway.so"
  way unknown-token '$ORIGIN/$TOKEN' && mkdir -p "${p}unknown-token/\$TOKEN" && mv "${p}unknown-token/libway.so" "${p}unknown-token/\$TOKEN/"
  way other-system '$ORIGIN'
  for case in header-{abi-gnu-3,abi-gnu-4,abi-none-1,padding,class,order,ident,version,machine,machine-ident,machine-version} cut-off; do
    way $case '$ORIGIN/first:$ORIGIN' && mkdir -p "$p$case/first" && cp "$p$case/libway.so" "$p$case/first/"
  done
  way hidden '$ORIGIN'
  way empty-run-path /nowhere/at/all
  way misplaced '$ORIGIN' && library "${p}misplaced/libway.so" own.c -Wl,-z,max-page-size=1024
  # The path is the name, since the library has none of its own.
  mkdir -p "${p}origin-as-name" && $compiler -shared -fPIC own.c -Wl,-soname,'$ORIGIN/libway.so' -o "${p}origin-as-name/libway.so"
  $compiler uses_own.c "${p}origin-as-name/libway.so" -o "${p}origin-as-name/main"
  # Found under one name, asked for by its own.
  mkdir -p "${p}other-name" && library "${p}other-name/libway.so" own.c
  echo 'int own(void); int ask(void) { return own(); }' > asks.c
  $compiler -shared -fPIC asks.c "${p}other-name/libway.so" -Wl,-soname,libask.so -o "${p}other-name/libask.so"
  mv "${p}other-name/libway.so" "${p}other-name/libother.so"
  $compiler -shared -fPIC own.c -Wl,-soname,libother.so -o stub-other.so
  echo 'int ask(void); int own(void); int main(void) { return ask() == own() ? 42 : 1; }' > uses_both.c
  $compiler uses_both.c stub-other.so "${p}other-name/libask.so" -Wl,-rpath,'$ORIGIN' -o "${p}other-name/main"
  # Filters: the one must be there, the other may.
  for kind in F f; do
    way "filter-$kind" '$ORIGIN' && library "${p}filter-$kind/libway.so" own.c -Wl,-$kind,libnowhere.so
  done
  # A variable that is copied into the program, and then gone.
  echo 'int variable = 42;' > variable.c && echo 'extern int variable; int main(void) { return variable; }' > uses_variable.c
  for case in copied copied-gone; do
    mkdir -p "$p$case" && library "$p$case/libway.so" variable.c
    $compiler -no-pie -fno-pic uses_variable.c "$p$case/libway.so" -Wl,-rpath,'$ORIGIN' -o "$p$case/main"
  done
  library "${p}copied-gone/libway.so" own.c
  $compiler -shared -fPIC own.c -Wl,-z,nodlopen -o "${p}nodlopen.so"
  # The same of a library that another one, or a program, needs.
  way nodlopen-needed '$ORIGIN' && library "${p}nodlopen-needed/libway.so" own.c -Wl,-z,nodlopen
  $compiler -shared -fPIC asks.c "${p}nodlopen-needed/libway.so" -Wl,-rpath,'$ORIGIN' -o "${p}nodlopen-needed/asks.so"
  # A name that nothing refers to, and one that is referred to.
  (echo '__asm__(".globl nowhere");' && cat own.c) > names.c && $compiler -shared -fPIC names.c -o "${p}never-asked.so"
  echo 'int nowhere(void); int asks(void) { return nowhere(); }' > nowhere.c && $compiler -shared -fPIC nowhere.c -o "${p}asked.so"
done
echo '#include <string.h>
  int ask(char *text) { return strlen(text); }' > asks_libc.c
# A C library beside a library that is opened into a program with another one.
mkdir -p libc-beside && cp stub-strlcpy.so libc-beside/libc.so.6
gcc -shared -fPIC -fno-builtin asks_libc.c -Wl,-rpath,'$ORIGIN' -o libc-beside/asks.so
# No code of the library or the program names the C library.
mkdir -p musl-nobody-asks && musl-gcc -shared -fPIC -fno-builtin -nostdlib asks_libc.c -Wl,-soname,libask.so -o musl-nobody-asks/libask.so
echo 'int ask(char *); void _start(void) { __asm__ volatile("syscall" : : "a"(231L), "D"((long) 39 + ask("abc"))); }' > begins.c
gcc -nostdlib -fno-stack-protector begins.c musl-nobody-asks/libask.so -Wl,-rpath,'$ORIGIN' -Wl,--unresolved-symbols=ignore-in-shared-libs \
  -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1 -o musl-nobody-asks/main

# Versions are asked of a library without any, but another one before it has the symbol.
mkdir -p versions-unreached
gcc -shared -fPIC own.c -Wl,-soname,libv.so -Wl,--version-script=v1.map -o versions-unreached/libv.so
gcc -shared -fPIC own.c -Wl,-soname,libfirst.so -Wl,--version-script=v1.map -o versions-unreached/libfirst.so
gcc uses_own.c -Wl,--no-as-needed versions-unreached/libv.so versions-unreached/libfirst.so -Wl,-rpath,'$ORIGIN' -o versions-unreached/main
echo 'int other(void) { return 0; }' > other.c && gcc -shared -fPIC other.c -Wl,-soname,libv.so -o versions-unreached/libv.so

gcc main.c -Wl,-z,nodefaultlib -o nodefaultlib
cp versions-gone/main need-of-nothing

# Programs without a C library: they start wherever the loader is, and show what even the oldest one makes of a library.
ends() { echo "void _start(void) { __asm__ volatile(\"syscall\" : : \"a\"(231L), \"D\"((long)($1))); __builtin_unreachable(); }"; }
bare() { gcc -nostdlib -fno-stack-protector -Wl,--dynamic-linker=/lib64/ld-linux-x86-64.so.2 "$@"; }
ends 42 > bare.c
(echo 'extern int variable;' && ends variable) > bare_variable.c
(echo 'int own(void);' && ends 'own()') > bare_own.c
(echo 'int own(void);' && ends '({ int (*volatile address)(void) = own; address(); })') > bare_address.c
echo '__attribute__((visibility("protected"))) int variable = 42;
  __attribute__((visibility("protected"))) int own(void) { return 42; } int (*address(void))(void) { return own; }' > protected.c
echo 'int variable = 42; int own(void) { return 42; } int (*address(void))(void) { return own; }' > open.c
compiler=gcc
for case in variable address agreed; do
  library protected-$case/libway.so open.c
  from=$case flags=
  [ $case != agreed ] || { from=variable && flags=-mno-direct-extern-access; }
  bare -no-pie -fno-pic $flags bare_$from.c protected-$case/libway.so -Wl,-rpath,'$ORIGIN' -o protected-$case/main
  library protected-$case/libway.so -mno-direct-extern-access protected.c
done
library far-aligned/libway.so own.c && bare -pie -fPIE bare_own.c far-aligned/libway.so -Wl,-rpath,'$ORIGIN' -o far-aligned/main
# A library that is marked for a level of CPUs, and one for a level that has no name yet.
marked() { # FILE BITS
  printf '.section .note.gnu.property,"a"\n.p2align 3\n.long 4,16,5\n.string "GNU"\n.long 0xc0008002,4,%s,0\n' "$2" > "$1"
}
for case in 1 17; do
  marked "cpu-$case.s" $case
  library cpu-$case/libway.so own.c cpu-$case.s && bare -pie -fPIE bare_own.c cpu-$case/libway.so -Wl,-rpath,'$ORIGIN' -o cpu-$case/main
done
# Segments that share pages.
library packed/libway.so own.c -fuse-ld=lld -B lld -Wl,-n && bare -pie -fPIE bare_own.c packed/libway.so -Wl,-rpath,'$ORIGIN' -o packed/main
stub stub-loader ld-linux-x86-64.so.2 unused
bare -pie -fPIE bare.c -Wl,--no-as-needed stub-loader.so -o only-loader
bare -pie -fPIE bare.c -o needs-nothing
# What the libraries of glibc bring along: librt and libanl the threads, until they all moved into libc.
(echo 'int pthread_create(void);' && ends '({ int (*volatile address)(void) = pthread_create; address ? 42 : 1; })') > bare_thread.c
for library in rt anl util; do
  stub stub-$library lib$library.so.1 pthread_create
  bare -pie -fPIE -fno-builtin bare_thread.c stub-$library.so -o threads-by-$library
done
echo '.section .interp, "a"; .string "/lib64/ld-linux-x86-64.so.2"' > interpreter.s
gcc -static main.c interpreter.s -o static-with-loader
for tag in audit depaudit; do
  gcc main.c -Wl,--$tag,/nowhere/audit.so -o $tag-nothing
  musl-gcc main.c -Wl,--$tag,/nowhere/audit.so -o musl-$tag-nothing
done
for p in '' musl-; do
  for case in reserves-all short-in-memory no-dynamic no-phdr; do cp ${p}plain $p$case; done
done
