/*
 * The real-kernel driver: runs scenarios on the Linux it was compiled on and prints what happened.
 *
 *   options -> the right address space (re-exec) -> control region -> for each scenario: read, parse, a fresh
 *   directory, run, clear up
 *
 * Exit code: 0 all was run, 1 the surroundings failed, 2 bad input, 128 + n stopped by signal n.
 */
#define _GNU_SOURCE
#include "calls.h"
#include "names.h"
#include "process.h"
#include "run.h"
#include "scenario.h"

#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEPARATOR "%%"
#define RE_EXECUTED "FAULTLINE_DRIVER_PLACED"
#define STACK_GUARD (1ul << 20)            /* what the kernel leaves below the stack's limit */

enum { FINE = 0, SURROUNDINGS = 1, BAD_INPUT = 2 };

struct options { const char *scratch, *file; double seconds; bool batch; };

/* ---- options ---- */

static int usage(const char *wrong)
{
    static const char text[] =
        "usage: driver --scratch DIR [--timeout SECONDS] [--arena BASE:SIZE] FILE|-\n"
        "       driver --scratch DIR [...] --batch   scenarios on stdin, each ended by a line " SEPARATOR "\n"
        "       driver --calls                       the calls there are\n";
    if (wrong) fprintf(stderr, "driver: %s\n", wrong);
    fputs(text, stderr);
    return BAD_INPUT;
}

/* BASE:SIZE in whole pages, below the driver's own memory. */
static bool read_arena(const char *text)
{
    char *end;
    errno = 0;
    arena_base = strtoul(text, &end, 0);
    if (errno || end == text || *end != ':') return false;
    text = end + 1;
    arena_size = strtoul(text, &end, 0);
    if (errno || end == text || *end || arena_base % PAGE_SIZE || arena_size % PAGE_SIZE) return false;
    return arena_base > 0 && arena_size > 0 && arena_base < MMAP_TOP && arena_size <= MMAP_TOP - arena_base;
}

/* FINE, or the exit code after a message. */
static int read_options(int argc, char **argv, struct options *options)
{
    *options = (struct options){ .seconds = 10 };
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        bool has_value = strcmp(word, "--scratch") == 0 || strcmp(word, "--timeout") == 0 || strcmp(word, "--arena") == 0;
        if (has_value && i + 1 == argc) return usage("the last option lacks its value");
        if (strcmp(word, "--scratch") == 0) options->scratch = argv[++i];
        else if (strcmp(word, "--timeout") == 0) {
            char *end;
            options->seconds = strtod(argv[++i], &end);
            if (*end || !(options->seconds > 0 && options->seconds <= 86400)) return usage("--timeout takes seconds, more than 0 and at most 86400");
        } else if (strcmp(word, "--arena") == 0) {
            if (!read_arena(argv[++i])) return usage("--arena takes BASE:SIZE, multiples of 4096 below 0x7ffff7c00000");
        } else if (strcmp(word, "--batch") == 0) options->batch = true;
        else if (word[0] == '-' && word[1]) return usage("there is no such option");
        else if (options->file) return usage("one FILE at a time; for many use --batch");
        else options->file = word;
    }
    if (!options->scratch) return usage("--scratch DIR is needed: a directory on the file system to be tried");
    if (options->batch == (options->file != NULL)) return usage("either FILE (- is stdin) or --batch is needed");
    return FINE;
}

/* ---- surroundings ---- */

/* The limit of the stack at exec decides where the kernel begins to place mappings: just below MMAP_TOP. */
static void place_mmap_top(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    limit.rlim_cur = TASK_SIZE - MMAP_TOP - STACK_GUARD;
    if (limit.rlim_max < limit.rlim_cur) limit.rlim_max = limit.rlim_cur;
    setrlimit(RLIMIT_STACK, &limit);
}

/* Starts the program once more, without address randomisation and without what the C library would have the
 * kernel write to in each process (rseq). Returns only if that is done, or cannot be. */
static void re_execute(char **argv)
{
    if (getenv(RE_EXECUTED)) {
        unsetenv(RE_EXECUTED);
        unsetenv("GLIBC_TUNABLES");
        return;
    }
    personality(ADDR_NO_RANDOMIZE);
    place_mmap_top();
    setenv(RE_EXECUTED, "1", 1);
    setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
    execv("/proc/self/exe", argv);
    fprintf(stderr, "driver: cannot start itself again through /proc/self/exe: %s\n", strerror(errno));
}

static void on_stop(int signal)
{
    interrupted = signal;
}

static void watch_signals(void)
{
    struct sigaction action = { .sa_handler = on_stop };
    int which[] = { SIGINT, SIGTERM, SIGHUP };
    for (unsigned i = 0; i < sizeof which / sizeof *which; i++) sigaction(which[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* ---- one scenario ---- */

/* Driver and processes take turns: on one processor that costs half, and its per-processor batches of pages are
 * seen in the same order each time. Between scenarios the scheduler may choose again. */
static bool run_on_one_processor(struct scenario *scenario, const char *directory)
{
    cpu_set_t before, here;
    CPU_ZERO(&here);
    CPU_SET((unsigned)sched_getcpu() % CPU_SETSIZE, &here);
    bool known = sched_getaffinity(0, sizeof before, &before) == 0;
    if (known) sched_setaffinity(0, sizeof here, &here);
    bool fine = scenario_run(scenario, directory);
    if (known) sched_setaffinity(0, sizeof before, &before);
    return fine;
}

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *where)
{
    (void)about, (void)type, (void)where;
    return remove(path);
}

static int run_in_directory(struct scenario *scenario, const char *scratch)
{
    char directory[4096];
    if (snprintf(directory, sizeof directory, "%s/scenario-XXXXXX", scratch) >= (int)sizeof directory ||
        !mkdtemp(directory) || chmod(directory, 0755) != 0) {
        fprintf(stderr, "driver: cannot make a directory in %s: %s\n", scratch, strerror(errno));
        return SURROUNDINGS;
    }
    bool fine = run_on_one_processor(scenario, directory);
    if (nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0) fprintf(stderr, "driver: cannot remove %s\n", directory);
    return fine ? FINE : SURROUNDINGS;
}

/* `text` is changed. */
static int run_text(const char *name, char *text, size_t length, const char *scratch)
{
    struct scenario scenario;
    if (strlen(text) != length) {
        fprintf(stderr, "%s:1: a zero byte in the text; a scenario is text, in a string write \\x00\n", name);
        return BAD_INPUT;
    }
    bool parsed = scenario_parse(&scenario, name, text);
    int code = parsed ? run_in_directory(&scenario, scratch) : BAD_INPUT;
    scenario_free(&scenario);
    if (fflush(stdout) != 0 && code == FINE) code = SURROUNDINGS;
    return code;
}

/* ---- input ---- */

struct text { char *bytes; size_t length, room; };

static void add(struct text *text, const char *bytes, size_t length)
{
    while (text->room < text->length + length + 1) {
        text->room = text->room ? text->room * 2 : 4096;
        text->bytes = realloc(text->bytes, text->room);
        if (!text->bytes) abort();
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

/* Adds lines up to SEPARATOR (`stop_at_separator`) or the end. Returns whether a separator ended them. */
static bool read_lines(FILE *file, struct text *text, bool stop_at_separator)
{
    static char *row;
    static size_t room;
    ssize_t length;
    text->length = 0;
    add(text, "", 0);
    while ((length = getline(&row, &room, file)) > 0) {
        bool separator = strcmp(row, SEPARATOR "\n") == 0 || strcmp(row, SEPARATOR) == 0;
        if (stop_at_separator && separator) return true;
        add(text, row, (size_t)length);
    }
    return false;
}

static int run_file(const struct options *options)
{
    struct text text = { 0 };
    bool is_stdin = strcmp(options->file, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(options->file, "re");
    if (file) read_lines(file, &text, false);
    if (!file || ferror(file)) {
        fprintf(stderr, "driver: cannot read %s: %s; give a scenario file or -\n", options->file, strerror(errno));
        return BAD_INPUT;
    }
    int code = run_text(options->file, text.bytes, text.length, options->scratch);
    free(text.bytes);
    return code;
}

/* Answers each scenario before it reads the next, so that a program can hold a conversation. */
static int run_batch(const struct options *options)
{
    struct text text = { 0 };
    int code = FINE;
    bool more = true;
    for (unsigned long count = 1; more && !interrupted; count++) {
        char name[32];
        more = read_lines(stdin, &text, true);
        if (!more && text.length == 0) break;
        snprintf(name, sizeof name, "batch-%lu", count);
        int one = run_text(name, text.bytes, text.length, options->scratch);
        if (one == SURROUNDINGS) return one;
        if (one != FINE) code = one;
        puts(SEPARATOR);
        if (fflush(stdout) != 0) return SURROUNDINGS;
    }
    free(text.bytes);
    return code;
}

int main(int argc, char **argv)
{
    struct options options;
    if (argc == 2 && strcmp(argv[1], "--calls") == 0) {
        calls_print();
        return FINE;
    }
    int code = read_options(argc, argv, &options);
    if (code != FINE) return code;
    re_execute(argv);
    if (!processes_prepare(options.seconds)) return SURROUNDINGS;
    watch_signals();
    code = options.batch ? run_batch(&options) : run_file(&options);
    return interrupted ? 128 + interrupted : code;
}
