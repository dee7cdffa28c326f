/* What parse.c (lines, statements, names) and parse-args.c (what stands in parentheses) share. */
#ifndef NATIVE_PARSE_H
#define NATIVE_PARSE_H

#include "scenario.h"

#include <setjmp.h>

struct parser {
    struct scenario *scenario;
    char *at;                              /* the next character; a line ends in NUL */
    int line, depth, nr_forks;
    struct expr *expr;                     /* being built, and its room */
    int room;
    jmp_buf failed;
};

/* Zeroed memory that lives as long as the scenario. */
void *parse_take(struct scenario *scenario, size_t size);

/* Prints `FILE:LINE: ...` and gives the whole file up. */
void parse_fail(struct parser *parser, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* parse_fail: the character at hand `where` something else was expected. */
void parse_unexpected(struct parser *parser, const char *where) __attribute__((noreturn));

struct symbol *parse_symbol(struct parser *parser, const char *name);

/* All skip blanks first. */
char parse_peek(struct parser *parser);
bool parse_accept(struct parser *parser, char c);
void parse_expect(struct parser *parser, char c, const char *where);
bool parse_word(struct parser *parser, char name[MAX_NAME + 1]);
void parse_arg(struct parser *parser, struct arg *arg);

#endif
