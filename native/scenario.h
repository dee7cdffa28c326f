/*
 * A parsed scenario: statements, their arguments as small postfix programs, and the symbols they name.
 *
 * parse.c makes it, run.c and calls.c walk it. It knows nothing of processes beyond an opaque pointer in a symbol.
 * Everything in it lives in the scenario's arena and goes away with it.
 */
#ifndef NATIVE_SCENARIO_H
#define NATIVE_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_NAME 31
#define MAX_STATEMENTS 20000
#define MAX_ARGS 6
#define MAX_DEPTH 200                      /* of parentheses and signs in an expression */
#define SYMBOL_BUCKETS 512

struct call;
struct process;

enum meaning { NOTHING_YET, A_PROCESS, A_VALUE };

struct symbol {
    char name[MAX_NAME + 1];
    struct symbol *next;                   /* in its bucket */
    bool is_process, is_value;             /* somewhere in the file a fork, another call, binds it */
    enum meaning meaning;                  /* while names are checked: by the lines above */
    bool has_value;                        /* now */
    uint64_t value;
    struct process *process;               /* of the latest fork that bound it, dead or not; else NULL */
};

enum step_kind { PUSH_NUMBER, PUSH_SYMBOL, PUSH_HEAP, NEGATE, INVERT, ADD, SUBTRACT, MULTIPLY, UNITE };
struct step { enum step_kind kind; union { uint64_t number; struct symbol *symbol; }; };
struct expr { struct step *steps; int nr_steps; };

/* "text" * count, or fill(byte, count). */
struct piece {
    const uint8_t *text;                   /* NULL for fill */
    size_t length;
    bool has_count;
    struct expr byte, count;
};

struct arg {
    struct piece *pieces;                  /* NULL for an expression */
    int nr_pieces;
    struct expr expr;
};

struct statement {
    int line;
    const char *text;                      /* as printed: without who and comment */
    struct symbol *who, *name;             /* name: NULL when nothing is bound */
    const struct call *call;               /* NULL: it mounts something */
    char mount[MAX_NAME + 1];              /* `% mount /NAME`: the name */
    bool read_only, noexec;
    int nr_args;
    struct arg args[MAX_ARGS];
};

struct chunk;
struct scenario {
    const char *file;
    struct symbol *buckets[SYMBOL_BUCKETS], *main;
    struct statement *statements;
    int nr_statements, room;
    bool asks_for_times;                   /* some statement is times(fd) */
    bool mounts;                           /* some statement mounts something */
    struct chunk *chunks;
};

/* Parses `text`, which is changed. On bad input prints one line `FILE:LINE: ...` on stderr and returns false.
 * Either way scenario_free gives the memory back. */
bool scenario_parse(struct scenario *scenario, const char *file, char *text);
void scenario_free(struct scenario *scenario);

/* The value of a constant of the language; false when there is none of that name. */
bool constant_value(const char *name, uint64_t *value);

#endif
