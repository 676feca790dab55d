/* Preloaded into a program: its processor seems to have no more than the instruction set that
 * PROCESSOR_LIKE names.  The kernel is asked to let the instruction CPUID fault, and what it
 * would have said is told without the rest, so that every library chooses the code that it has
 * for the smaller processor. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012
#define BIT(n) (1u << (n))

static int amx, vnni, avx512, avx_vnni; /* what is left */
static struct sigaction before;

static void ask(unsigned leaf, unsigned part, unsigned told[4]) {
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1);
    __asm__ volatile("cpuid"
                     : "=a"(told[0]), "=b"(told[1]), "=c"(told[2]), "=d"(told[3])
                     : "a"(leaf), "c"(part));
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0);
}

static void leave_out(unsigned leaf, unsigned part, unsigned told[4]) {
    if (leaf != 7) return;
    if (part == 0) {
        if (!avx512) told[1] &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(28) | BIT(30) | BIT(31));
        if (!vnni) told[2] &= ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14));
        if (!amx) told[3] &= ~(BIT(22) | BIT(23) | BIT(24) | BIT(25)); /* and AVX512-FP16 */
        if (!avx512) told[3] &= ~(BIT(2) | BIT(3) | BIT(8));
    } else if (part == 1) {
        if (!avx_vnni) told[0] &= ~BIT(4);
        if (!amx) told[0] &= ~(BIT(5) | BIT(21) | BIT(23)); /* AVX512-BF16, AMX-FP16, AVX-IFMA */
        if (!amx) told[3] &= ~(BIT(4) | BIT(5) | BIT(8) | BIT(10) | BIT(19));
    }
}

static void faulted(int number, siginfo_t *why, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *at = (const unsigned char *)registers[REG_RIP];
    if (why->si_code == SI_KERNEL && at[0] == 0x0f && at[1] == 0xa2) {
        unsigned leaf = registers[REG_RAX], part = registers[REG_RCX], told[4];
        ask(leaf, part, told);
        leave_out(leaf, part, told);
        registers[REG_RAX] = told[0];
        registers[REG_RBX] = told[1];
        registers[REG_RCX] = told[2];
        registers[REG_RDX] = told[3];
        registers[REG_RIP] += 2;
    } else {
        sigaction(number, &before, NULL); /* faults again, for whoever was there before */
    }
}

__attribute__((constructor)) static void begin(void) {
    const char *like = getenv("PROCESSOR_LIKE");
    /* It computes nothing, and takes the signal for itself. */
    if (!strcmp(program_invocation_short_name, "tritonserver")) return;
    struct sigaction action = {.sa_sigaction = faulted, .sa_flags = SA_SIGINFO | SA_NODEFER};
    vnni = !strcmp(like, "vnni");
    avx512 = vnni || !strcmp(like, "avx512");
    avx_vnni = !strcmp(like, "avx-vnni");
    sigaction(SIGSEGV, &action, &before);
    if (syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0)) {
        static const char why[] = "this processor or kernel does not let CPUID fault\n";
        if (write(2, why, sizeof why - 1)) _exit(1);
    }
}

/* Our own code of some commits reads this file instead. */
#define INSTEAD(NAME)                                                                 \
    int NAME(const char *path, int flags, ...) {                                      \
        int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #NAME);                \
        va_list more;                                                                 \
        va_start(more, flags);                                                        \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;       \
        va_end(more);                                                                 \
        if (!strcmp(path, "/proc/cpuinfo")) path = getenv("PROCESSOR_CPUINFO");       \
        return real(path, flags, mode);                                               \
    }
INSTEAD(open)
INSTEAD(open64)
