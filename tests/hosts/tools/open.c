/* Opens a shared object with every symbol bound: 42 when the loader takes it, 43 and its complaint otherwise; any other
 * end is that of the object's own constructors. Asks for the oldest
 * versions only, so that it starts in every root. */
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#if defined(__GLIBC__) && defined(__x86_64__)
__asm__(".symver dlopen,dlopen@GLIBC_2.2.5");
__asm__(".symver dlerror,dlerror@GLIBC_2.2.5");
#endif

static int open_now(const char *path) {
  if (dlopen(path, RTLD_NOW)) _exit(42);
  const char *why = dlerror();
  if (write(2, why, strlen(why)) < 0) return 2;
  return 43;
}

#ifdef __GLIBC__
__attribute__((used)) static void begin(long *stack) { _exit(open_now((char *)stack[2])); }
__asm__(".globl _start\n_start: xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call begin\n hlt\n");
#else
int main(int count, char **arguments) { return count == 2 ? open_now(arguments[1]) : 2; }
#endif
