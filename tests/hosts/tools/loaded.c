/* Preloaded into a program: its constructor runs when everything is mapped, versioned and bound, and before any code of the
 * program's own, and ends the process with 42. Needs nothing, so every loader takes it. */
__attribute__((constructor)) static void loaded(void) {
#if defined(__x86_64__)
  __asm__ volatile("syscall" : : "a"(231L), "D"(42L));
#elif defined(__aarch64__)
  register long call __asm__("x8") = 94, code __asm__("x0") = 42;
  __asm__ volatile("svc 0" : : "r"(call), "r"(code));
#endif
}
