/*
 * Scenario text -> struct scenario, one line at a time.
 *
 * The whole file is parsed and checked before anything runs. The first mistake ends it with one sentence that
 * says where, what is wrong and what would be right. Which calls exist and what they take is calls.c's table;
 * the grammar is that of the scenario language.
 */
#include "parse.h"
#include "agent.h"
#include "calls.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 65536

struct chunk { struct chunk *next; size_t used, size; uint8_t bytes[]; };

void *parse_take(struct scenario *scenario, size_t size)
{
    struct chunk *chunk = scenario->chunks;
    size = (size + 15) & ~(size_t)15;
    if (!chunk || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
        chunk = calloc(1, sizeof *chunk + room);
        if (!chunk) abort();
        chunk->size = room;
        chunk->next = scenario->chunks;
        scenario->chunks = chunk;
    }
    chunk->used += size;
    return chunk->bytes + chunk->used - size;
}

void scenario_free(struct scenario *scenario)
{
    while (scenario->chunks) {
        struct chunk *next = scenario->chunks->next;
        free(scenario->chunks);
        scenario->chunks = next;
    }
    free(scenario->statements);
    scenario->statements = NULL;
    scenario->nr_statements = scenario->room = 0;
}

/* ---- mistakes ---- */

void parse_fail(struct parser *parser, const char *format, ...)
{
    va_list list;
    fprintf(stderr, "%s:%d: ", parser->scenario->file, parser->line);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    longjmp(parser->failed, 1);
}

void parse_unexpected(struct parser *parser, const char *where)
{
    unsigned char c = (unsigned char)*parser->at;
    if (c == '\0') parse_fail(parser, "the line ends where %s was expected", where);
    if (c >= 0x20 && c < 0x7f) parse_fail(parser, "'%c' where %s was expected", c, where);
    parse_fail(parser, "the byte 0x%02x where %s was expected", c, where);
}

/* ---- symbols ---- */

struct symbol *parse_symbol(struct parser *parser, const char *name)
{
    unsigned hash = 5381;
    for (const char *c = name; *c; c++) hash = hash * 33 + (unsigned char)*c;
    struct symbol **bucket = &parser->scenario->buckets[hash % SYMBOL_BUCKETS];
    for (struct symbol *s = *bucket; s; s = s->next)
        if (strcmp(s->name, name) == 0) return s;
    struct symbol *made = parse_take(parser->scenario, sizeof *made);
    strcpy(made->name, name);
    made->next = *bucket;
    *bucket = made;
    return made;
}

static void check_target(struct parser *parser, const char *name)
{
    uint64_t value;
    if (constant_value(name, &value) || strcmp(name, "BRK") == 0 || strcmp(name, "main") == 0 || strcmp(name, "fill") == 0)
        parse_fail(parser, "%s cannot be bound; choose a name that is no constant, A, BRK, main or fill", name);
}

/* ---- statements ---- */

static void arguments(struct parser *parser, struct statement *statement)
{
    parse_expect(parser, '(', "after the call's name");
    if (parse_accept(parser, ')')) return;
    do {
        if (statement->nr_args == MAX_ARGS) parse_fail(parser, "more than %d arguments; no call takes as many", MAX_ARGS);
        parse_arg(parser, &statement->args[statement->nr_args++]);
    } while (parse_accept(parser, ','));
    parse_expect(parser, ')', "after the arguments");
}

static void count_fork(struct parser *parser, const struct symbol *target)
{
    if (!target) parse_fail(parser, "fork() must be bound, as in c = fork()");
    if (++parser->nr_forks >= MAX_PROCESSES)
        parse_fail(parser, "more than %d processes; a scenario has at most %d forks", MAX_PROCESSES, MAX_PROCESSES - 1);
}

static void choose_call(struct parser *parser, struct statement *statement, const char *name)
{
    const char *wrong = call_find(name, statement, &statement->call);
    bool forks = !wrong && call_makes_process(statement->call);
    if (wrong) parse_fail(parser, "%s", wrong);
    if (forks) count_fork(parser, statement->name);
    if (!wrong && call_asks_for_times(statement->call)) parser->scenario->asks_for_times = true;
    for (int i = 0; i < statement->nr_args; i++)
        if (call_binds_argument(statement->call, i)) statement->args[i].expr.steps[0].symbol->is_value = true;
    if (!statement->name) return;
    if (forks) statement->name->is_process = true;
    else statement->name->is_value = true;
}

/* [who ":"] [name "="] and the call's name, into `name`. Returns where the printed text begins. */
static const char *heads(struct parser *parser, struct statement *statement, char name[MAX_NAME + 1])
{
    const char *start = parser->at;
    if (!parse_word(parser, name)) parse_unexpected(parser, "a statement, [process:] [name =] call(arguments),");
    if (parse_accept(parser, ':')) {
        statement->who = parse_symbol(parser, name);
        parse_peek(parser);
        start = parser->at;
        if (!parse_word(parser, name)) parse_unexpected(parser, "a call after the process");
    }
    if (!parse_accept(parser, '=')) return start;
    check_target(parser, name);
    statement->name = parse_symbol(parser, name);
    if (!parse_word(parser, name)) parse_unexpected(parser, "a call after '='");
    return start;
}

static void statement(struct parser *parser, struct statement *statement)
{
    char name[MAX_NAME + 1];
    statement->line = parser->line;
    statement->who = parser->scenario->main;
    const char *start = heads(parser, statement, name);
    arguments(parser, statement);
    size_t length = (size_t)(parser->at - start);
    if (parse_peek(parser) != '\0' && *parser->at != '#') parse_unexpected(parser, "the line's end or a comment");
    choose_call(parser, statement, name);
    char *text = parse_take(parser->scenario, length + 1);
    memcpy(text, start, length);
    statement->text = text;
}

static struct statement *new_statement(struct parser *parser)
{
    struct scenario *scenario = parser->scenario;
    if (scenario->nr_statements == MAX_STATEMENTS)
        parse_fail(parser, "more than %d statements; split the scenario", MAX_STATEMENTS);
    if (scenario->nr_statements == scenario->room) {
        scenario->room = scenario->room ? scenario->room * 2 : 64;
        scenario->statements = realloc(scenario->statements, (size_t)scenario->room * sizeof *scenario->statements);
        if (!scenario->statements) abort();
    }
    struct statement *made = &scenario->statements[scenario->nr_statements++];
    memset(made, 0, sizeof *made);
    return made;
}

/* `% mount /NAME [FLAGS]`; other directives speak to the simulated machine, never to a real kernel. */
static void directive(struct parser *parser, const char *text)
{
    char name[MAX_NAME + 1], flags[16] = "rw";
    if (sscanf(text, "%% mount /%31[^/ ] %15s", name, flags) < 1) return;
    struct statement *made = new_statement(parser);
    made->line = parser->line;
    strcpy(made->mount, name);
    made->read_only = strncmp(flags, "ro", 2) == 0;
    made->noexec = strstr(flags, "noexec") != NULL;
    parser->scenario->mounts = true;
}

static void line(struct parser *parser, char *text)
{
    parser->at = text;
    if (*text == '%') {
        directive(parser, text);
        return;
    }
    if (parse_peek(parser) == '\0' || *parser->at == '#') return;
    statement(parser, new_statement(parser));
}

/* ---- names, once all are known ---- */

/* A name means what the last line above bound it to; above all of them, what some line below does. */
static bool means(const struct symbol *symbol, enum meaning meaning)
{
    if (symbol->meaning != NOTHING_YET) return symbol->meaning == meaning;
    return meaning == A_PROCESS ? symbol->is_process : symbol->is_value;
}

static void check_value(struct parser *parser, const struct symbol *used)
{
    const char *name = used->name;
    if (means(used, A_VALUE)) return;
    if (used->is_process)
        parse_fail(parser, "%s is a process; an expression takes numbers, constants and names of values", name);
    parse_fail(parser, "%s is no constant, and no statement binds it; bind it as in %s = mmap(...)", name, name);
}

static void check_process(struct parser *parser, const struct symbol *used)
{
    if (!means(used, A_PROCESS))
        parse_fail(parser, "%s is no process; main is one, and what fork() is bound to, as in %s = fork()", used->name, used->name);
}

static void check_expr(struct parser *parser, const struct expr *expr)
{
    for (int i = 0; i < expr->nr_steps; i++)
        if (expr->steps[i].kind == PUSH_SYMBOL) check_value(parser, expr->steps[i].symbol);
}

static void check_arg(struct parser *parser, const struct arg *arg)
{
    check_expr(parser, &arg->expr);
    for (int i = 0; i < arg->nr_pieces; i++) {
        check_expr(parser, &arg->pieces[i].byte);
        check_expr(parser, &arg->pieces[i].count);
    }
}

static void check_names(struct parser *parser, const struct statement *statement)
{
    parser->line = statement->line;
    check_process(parser, statement->who);
    for (int i = 0; i < statement->nr_args; i++) {
        struct symbol *symbol = statement->args[i].expr.nr_steps ? statement->args[i].expr.steps[0].symbol : NULL;
        if (call_takes_process(statement->call, i)) check_process(parser, symbol);
        else if (call_binds_argument(statement->call, i)) symbol->meaning = A_VALUE;
        else check_arg(parser, &statement->args[i]);
    }
    if (statement->name) statement->name->meaning = call_makes_process(statement->call) ? A_PROCESS : A_VALUE;
}

static void parse_all(struct parser *parser, char *text)
{
    struct scenario *scenario = parser->scenario;
    scenario->main = parse_symbol(parser, "main");
    scenario->main->is_process = true;
    while (text) {
        char *end = strchr(text, '\n');
        if (end) *end = '\0';
        parser->line++;
        line(parser, text);
        text = end && end[1] ? end + 1 : NULL;
    }
    for (int i = 0; i < scenario->nr_statements; i++)
        if (scenario->statements[i].call) check_names(parser, &scenario->statements[i]);
}

bool scenario_parse(struct scenario *scenario, const char *file, char *text)
{
    struct parser parser = { .scenario = scenario };
    memset(scenario, 0, sizeof *scenario);
    scenario->file = file;
    if (setjmp(parser.failed)) return false;
    parse_all(&parser, text);
    return true;
}
